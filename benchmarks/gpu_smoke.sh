#!/bin/sh
# The commands of docs/training.md, "On a GPU", on a small cohort, one after the other: each must end
# well and leave what it should. Minutes on one GPU.
#
#     sh benchmarks/gpu_smoke.sh [FOLDER]
#
# DEVICE=cpu tries the script itself without a GPU, COMPILE=0 spares it the compiler, PROCESSES=2
# and more tries torchrun too; PYTHON names the interpreter.
set -eu

device=${DEVICE:-cuda}
python=${PYTHON:-python}
folder=${1:-$(mktemp -d)}
iterations=${ITERATIONS:-40}
program="$python -m voice2face"
small="--iterations $iterations --batch-size 8 --width ${WIDTH:-0.1} --device $device --quiet"
faces="train face $folder/corpus"

say() { echo "== $*"; }
has() { test -s "$1" || { echo "missing: $1" >&2; exit 1; }; }

say people and corpus
$program cohort "$folder/people" --identities 12 --seed 1 > /dev/null
$program prepare "$folder/people" "$folder/corpus" --split hash:60/20/20 > /dev/null

say speaker stage
$program train voice "$folder/corpus" "$folder/voice" --precision bf16 $small > /dev/null
has "$folder/voice/verification.json"
encoder="--voice-encoder $folder/voice"

say faces in bf16, all models
for variant in ${VARIANTS:-baseline bn bn-tanh tanh dropout}; do
    $program $faces "$folder/$variant" --variant "$variant" --precision bf16 $encoder $small
    has "$folder/$variant/model/generator.onnx"
    has "$folder/$variant/losses.jsonl"
done

say switches for small corpora
$program $faces "$folder/switches" --precision bf16 $encoder $small \
    --set 'training.augment=[colour,translation,cutout]' --set training.r1=1 \
    --set critics.spectral_norm=true --set training.ema_decay=0.99 --set training.warmup=5

if [ "${COMPILE:-1}" -eq 1 ]; then
    say compiled, or a line that says why not
    $program $faces "$folder/compiled" --precision bf16 --compile $encoder $small
fi

say stopped and resumed, fp32
$program $faces "$folder/stopped" $encoder $small --iterations 100000 --checkpoint-every 10 &
worker=$!
while ! ls "$folder"/stopped/checkpoints/*.pt > /dev/null 2>&1; do
    kill -0 $worker || { echo "it ended by itself" >&2; exit 1; }
    sleep 0.2
done
kill -TERM $worker
wait $worker && { echo "stopped, but no error" >&2; exit 1; }
last=$(basename "$(ls "$folder"/stopped/checkpoints/0*.pt | sort | tail -n 1)" .pt | sed 's/^0*//')
$program $faces "$folder/stopped" $encoder $small --iterations $((last + 10)) --resume
has "$folder/stopped/model/generator.onnx"

if [ "${PROCESSES:-1}" -gt 1 ]; then
    say "$PROCESSES processes"
    $python -m torch.distributed.run --nproc-per-node "$PROCESSES" -m voice2face $faces \
        "$folder/team" --precision bf16 $encoder $small
    has "$folder/team/model/generator.onnx"
fi

say all of them ended well
