#!/usr/bin/env bash
# The report's five models on voices and faces of different people, paired by gender.
#
#   benchmarks/five_models.sh VOICES.csv FACES.csv OUT
#
# Killed at any moment, it goes on where it was when it is started again; with more ITERATIONS the
# runs are made longer. On a GPU, as the paper has it, one after another:
#
#   JOBS=1 WIDTH=1 BATCH=128 ITERATIONS=50000 DEVICE=cuda benchmarks/five_models.sh ...
set -euo pipefail
[ $# -eq 3 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
voices=$(realpath "$1") faces=$(realpath "$2") out=$3
: "${JOBS:=2}" "${WIDTH:=0.5}" "${BATCH:=32}" "${ITERATIONS:=4000}" "${DEVICE:=cpu}" "${SEED:=1}"
: "${VOICE_ITERATIONS:=600}" "${VOICE_BATCH:=64}"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" WIDTH BATCH ITERATIONS DEVICE SEED
mkdir -p "$out"
cd "$out"

[ -e open/corpus.json ] ||
    voice2face prepare "$voices" "$faces" open --aligned --split column:subset,split

[ -e voice/model/config.yaml ] ||
    voice2face train voice open voice --width "$WIDTH" --iterations "$VOICE_ITERATIONS" --batch-size "$VOICE_BATCH" \
        --precision bf16 --augment noise,reverberation,speed,codec \
        --set training.weight_decay=0.01 --seed "$SEED" --device "$DEVICE" --quiet --resume

train() {
    voice2face train face open "faces/$1" --variant "$1" --voice-encoder voice --pair-by gender \
        --width "$WIDTH" --iterations "$ITERATIONS" --batch-size "$BATCH" --precision bf16 \
        --set training.ema_decay=0.999 --seed "$SEED" --device "$DEVICE" --half --quiet --resume
}
export -f train
printf '%s\n' bn-tanh baseline bn tanh dropout | xargs -P "$JOBS" -I{} bash -c 'train {}'
