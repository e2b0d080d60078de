#!/usr/bin/env bash
# The main job on a picture that this program draws: a question, the agent's steps and answer, the picture with boxes.
set -euo pipefail
omma=${1:?usage: demo.sh PROGRAM}
out=out/demo
rm -rf "$out"
mkdir -p "$out"
"$omma" render --seed 7 --count 8 --out "$out/scenes" --split val --quiet
# The first counting question of the drawn scenes whose answer is at least 2.
read -r image question answer < <(python3 - "$out/scenes" <<'PY'
import json, sys
for line in open(sys.argv[1] + "/questions.jsonl"):
    row = json.loads(line)
    if row["type"].startswith("count") and row["answer"].isdigit() and int(row["answer"]) >= 2:
        print(row["image"], row["question"].replace(" ", "_"), row["answer"])
        break
PY
)
[ -f "$image" ] || image="$out/scenes/$image"
question=${question//_/ }
echo "picture:  $image"
echo "question: $question"
"$omma" agent "$image" "$question" --out "$out/answer.png"
echo "truth:    $answer"
echo "picture with boxes: $out/answer.png"
