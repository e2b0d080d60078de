"""llama.cpp's side of bench/peer_llava.py: runs in an environment of its own, with llama-cpp-python and gguf.

    llama_cpp_side.py WORK THREADS PROMPT_TOKENS      WORK/language is a LLaVA directory in bf16; its language model becomes a GGUF
"""

import itertools
import json
import re
import sys
import time
from pathlib import Path

import peer

GGUF_NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
              "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
              "post_attention_layernorm": "ffn_norm"}


def gguf_name(name):
    """Of a weight of the language model; None for the picture's."""
    layer = re.search(r"language_model\..*layers\.(\d+)\.(.+)\.weight$", name)
    if layer:
        return f"blk.{layer[1]}.{GGUF_NAMES[layer[2]]}.weight"
    ends = {"embed_tokens.weight": "token_embd.weight", "language_model.norm.weight": "output_norm.weight", "model.norm.weight": "output_norm.weight",
            "lm_head.weight": "output.weight"}
    return next((new for old, new in ends.items() if name.endswith(old)), None)


def bf16_weights(directory):
    """(name, 16-bit numbers) of safetensors files, without any package but numpy."""
    import numpy as np

    for file in sorted(directory.glob("*.safetensors")):
        with open(file, "rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(size))
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            assert entry["dtype"] == "BF16", name
            begin, end = entry["data_offsets"]
            yield name, np.memmap(file, np.uint16, "r", 8 + size + begin, ((end - begin) // 2,)).reshape(entry["shape"])


def write_gguf(directory, file):
    import gguf
    import numpy as np

    text = json.loads((directory / "config.json").read_text())["text_config"]
    heads, key_heads = text["num_attention_heads"], text["num_key_value_heads"]
    writer = gguf.GGUFWriter(file.with_suffix(".partial"), "llama")
    writer.add_block_count(text["num_hidden_layers"])
    writer.add_context_length(text["max_position_embeddings"])
    writer.add_embedding_length(text["hidden_size"])
    writer.add_feed_forward_length(text["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(key_heads)
    writer.add_rope_dimension_count(text["hidden_size"] // heads)
    writer.add_layer_norm_rms_eps(text["rms_norm_eps"])
    writer.add_vocab_size(text["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *(f"<filler{i}>" for i in range(259, text["vocab_size"]))]
    kinds = [gguf.TokenType.UNKNOWN, *2 * [gguf.TokenType.CONTROL], *256 * [gguf.TokenType.BYTE]]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words)
    writer.add_token_scores([0.0] * len(words))
    writer.add_token_types(kinds + [gguf.TokenType.NORMAL] * (len(words) - len(kinds)))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    for name, values in bf16_weights(directory):
        new = gguf_name(name)
        if new is None:
            continue
        if values.ndim == 1:
            writer.add_tensor(new, (values.astype(np.uint32) << 16).view(np.float32))
            continue
        if ".attn_q." in new or ".attn_k." in new:  # llama.cpp turns neighbours where transformers turns the halves of a head
            count = heads if ".attn_q." in new else key_heads
            rows, columns = values.shape
            values = values.reshape(count, 2, rows // count // 2, columns).swapaxes(1, 2).reshape(rows, columns)
        writer.add_tensor(new, np.ascontiguousarray(values).view(np.uint8), raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    file.with_suffix(".partial").rename(file)


def serve(work, threads, prompt_tokens):
    file = work / "language.gguf"
    if not file.exists():
        write_gguf(work / "language", file)
    import llama_cpp

    model = llama_cpp.Llama(str(file), n_ctx=2048, n_batch=1024, n_ubatch=1024, n_threads=threads, n_threads_batch=threads, verbose=False)
    prompt = [1, *itertools.islice(itertools.cycle(range(300, 360)), prompt_tokens - 1)]

    def read(tokens):
        start = time.perf_counter()
        model.eval(tokens)
        llama_cpp.llama_synchronize(model.ctx)
        return 1e3 * (time.perf_counter() - start)

    def turn(tokens):
        model.reset()
        prefill = read(prompt)
        return {"prefill": prefill, "step": sum(read([300 + i]) for i in range(tokens - 1)) / (tokens - 1)}

    turn(3)
    peer.serve(lambda request: turn(request["tokens"]))


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
