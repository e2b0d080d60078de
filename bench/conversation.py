"""What the benchmarks of models that chat share: `omma chat` and generate(), turn by turn, the machine's rates beside them, and what is told.

A turn's prompt has the same length with a picture or a clip as without one, so that the one less the other is the tower.
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import peer


class Stamps:
    """generate()'s streamer: it is given the prompt first, then each token."""

    def __init__(self):
        self.start = time.perf_counter()
        self.times = []

    def put(self, _):
        self.times.append(time.perf_counter())

    def end(self):
        pass

    def result(self):
        tokens = self.times[1:]
        steps = len(tokens) - 1
        return {"first": 1e3 * (tokens[0] - self.start), "step": 1e3 * (tokens[-1] - tokens[0]) / steps if steps else None}


def serve_peer(threads, load, look):
    """The transformers side. load(name, dtype): a directory's model, and its inputs of a request; look(model, inputs): the tower alone,
    for a request of no tokens. What is asked for the first time is run before it is timed."""
    import torch

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    held = {}

    def run(model, inputs, tokens):
        stamps = Stamps()
        if tokens:
            model.generate(**inputs, do_sample=False, max_new_tokens=tokens, min_new_tokens=tokens, streamer=stamps)
            return stamps.result()
        look(model, inputs)
        return {"first": 1e3 * (time.perf_counter() - stamps.start)}

    def answer(request):
        name, dtype, tokens = request["model"], peer.torch_dtype(request["dtype"]), request["tokens"]
        if held.get("key") != (name, dtype):
            held.clear()
            model, inputs_of = load(name, dtype)
            held.update(key=(name, dtype), model=model.eval().requires_grad_(False), inputs_of=inputs_of, warm=[])
        inputs = held["inputs_of"](request).to(dtype)
        if request not in held["warm"]:
            run(held["model"], inputs, min(tokens, 3))
            held["warm"].append(request)
        return run(held["model"], inputs, tokens) | {"prompt_tokens": inputs["input_ids"].shape[1]}

    peer.serve(answer)


def peak_bytes(process):
    """Of a process that is alive. Its resource usage would not do: that of a fresh child begins with what its parent had."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s*(\d+)", status)[1])


class Conversation:
    """`omma chat`, fed turn by turn. prompt: how many tokens a turn's has; shown: the command that shows a picture or a clip."""

    def __init__(self, arguments, directory, dtype, tokens, *words, prompt=None, shown=None):
        self.command = [arguments.omma, "chat", "--model", str(directory), "--dtype", dtype, "--threads", str(arguments.threads), "--json", "--quiet",
                        "--min-tokens", str(tokens), "--max-tokens", str(tokens), *words]
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.tokens, self.prompt, self.shown = tokens, prompt, shown

    def say(self, *lines):
        """Commands and, last, a question; the JSON of its answer."""
        try:
            self.process.stdin.write("".join(f"{line}\n" for line in lines))
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{' '.join(self.command)}: ended")
        return json.loads(answer)

    def turn(self, question, seen=False):
        reply = self.say("/clear", *([self.shown] if seen else []), question)
        if reply["tokens"] != self.tokens:
            sys.exit(f"{' '.join(self.command)}: answered with {reply['tokens']} tokens instead of {self.tokens}")
        times, steps = reply["timing_ms"], self.tokens - 1
        return {"first": times["encode"], "step": times["decode"] / steps if steps else None, "prompt_tokens": reply["prompt_tokens"]}

    def question(self, seen=False):
        """One that makes the prompt as long as it shall be; asked once, to warm up."""
        question = "a" * (self.prompt + 1 - self.turn("a", seen)["prompt_tokens"])
        if self.turn(question, seen)["prompt_tokens"] != self.prompt:
            sys.exit("omma's prompt has another length than it should")
        return question

    def close(self):
        """The peak of its memory."""
        peak = peak_bytes(self.process)
        self.process.stdin.close()
        if self.process.wait() != 0:
            sys.exit(f"{' '.join(self.command)}: exit status {self.process.returncode}")
        return peak


class Peer(peer.Peer):
    """The transformers side, whose prompts have to be as long as omma's."""

    def __init__(self, script, arguments, prompt):
        super().__init__(script, arguments)
        self.prompt = prompt

    def turn(self, **request):
        answer = self.ask(**request)
        if answer.get("prompt_tokens", self.prompt) != self.prompt:
            sys.exit(f"transformers' prompt has {answer['prompt_tokens']} tokens, omma's {self.prompt}")
        return answer

    def close(self):
        peak = peak_bytes(self.process)
        self.process.stdin.close()
        self.process.wait()
        return peak


class Machine:
    """Its rates, measured again and again: of matrix products and, where `read_rate` measures it, of reads."""

    def __init__(self, other, dtype, read_rate=None):
        self.measure_gemm = lambda: other.ask(dtype=dtype, gemm=True)["gemm"]
        self.measure_reads = read_rate
        self.gemm, self.reads = [], []

    def measure(self):
        self.gemm.append(self.measure_gemm())
        if self.measure_reads:
            self.reads.append(self.measure_reads())

    def result(self):
        reads = {"read_gb_per_s": [min(self.reads) / 1e9, max(self.reads) / 1e9]} if self.reads else {}
        return {"gemm_gflops": [min(self.gemm) / 1e9, max(self.gemm) / 1e9]} | reads


def interleave(rounds, machine, sides):
    """{name: run} in turn, the machine's rates before each and at the end: {name: its results}."""
    runs = {name: [] for name in sides}
    for _ in range(rounds):
        for name, run in sides.items():
            machine.measure()
            runs[name].append(run())
    machine.measure()
    return runs


def our_turns(chat, asked, words, what):
    """asked, words: the question behind what is shown, and the one as long with nothing shown."""
    seen, unseen = chat.turn(asked, seen=True), chat.turn(words)
    return {f"{what}_and_prefill": seen["first"], "prefill": unseen["first"], "step": unseen["step"]}


def their_turns(other, asked, words, what, tokens):
    turn = lambda question, seen, count: other.turn(dtype="bf16", model="language", question=question, seen=seen, tokens=count)
    unseen = turn(words, False, tokens)
    return {f"{what}_and_prefill": turn(asked, True, 1)["first"], "prefill": unseen["first"], "step": unseen["step"]}


def middle(runs, what):
    return median(run[what] for run in runs)


def beside(runs, what, flops, machine):
    omma_ms, other_ms = middle(runs["omma"], what), middle(runs["transformers"], what)
    return {"omma_ms": omma_ms, "transformers_ms": other_ms, "ratio": other_ms / omma_ms, "gflop": flops / 1e9,
            "gemm_share": 1e3 * flops / omma_ms / max(machine.gemm)}


def compare_tower(what, dtype, chat, other, flops, machine, rounds):
    """omma's turn with a picture or a clip, less one of as many words, beside transformers' tower; what: it, and its directory's name."""
    words, asked = chat.question(), chat.question(seen=True)

    def ours():
        seen, unseen = chat.turn(asked, seen=True)["first"], chat.turn(words)["first"]
        return {"first": seen - unseen, "narrow_layer": unseen}

    theirs = lambda: other.turn(dtype=dtype, model=what, question=asked, seen=True, tokens=0)
    runs = interleave(rounds, machine, {"omma": ours, "transformers": theirs})
    result = beside(runs, "first", flops, machine)
    peaks = {"omma": chat.close(), "transformers": other.close()}
    show(f"{what} {dtype}", result)
    show_rates(machine)
    show_peaks(peaks)
    return {"work": what, "dtype": dtype} | result | machine.result() | {"peak_bytes": peaks, "runs": runs}


def show_rates(machine):
    rates = machine.result()
    reads = f"; reads {rates['read_gb_per_s'][0]:.1f}-{rates['read_gb_per_s'][1]:.1f} GB/s" if machine.reads else ""
    print(f"  GEMM {rates['gemm_gflops'][0]:.0f}-{rates['gemm_gflops'][1]:.0f} GFLOP/s{reads}", flush=True)


def show(name, result):
    print(f"{name}: omma {result['omma_ms']:.0f} ms, transformers {result['transformers_ms']:.0f} ms, ratio {result['ratio']:.2f}; "
          f"{result['gflop']:.0f} GFLOP, {result['gemm_share']:.0%} of the GEMM rate", flush=True)


def show_peaks(peaks):
    print("  peak memory: " + ", ".join(f"{side} {peak / 1e9:.2f} GB" for side, peak in peaks.items()), flush=True)


def aims(results, asked):
    """asked: (work, dtype, field, aim). (what, measured, aimed at) of what was measured."""
    found = {(result["work"], result.get("dtype")): result for result in results}
    return [(f"{work} {dtype}, {field}", found[work, dtype][field], aim) for work, dtype, field, aim in asked if (work, dtype) in found]


def show_aims(rows):
    for what, measured, aim in rows:
        print(f"{what:32} {measured:5.2f}  aim {aim:4.2f}  {'reached' if measured >= aim else 'missed'}")
