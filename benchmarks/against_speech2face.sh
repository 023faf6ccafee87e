#!/usr/bin/env bash
# The report's five models, each taught twice on AVSpeech's pairs: by pictures, by canonical faces.
#
#   benchmarks/against_speech2face.sh PAIRS.csv VOICES.csv OUT
#
# PAIRS.csv has columns identity, voice, face, canonical; the voice encoder also hears the speakers
# of VOICES.csv. An eighth of the people is kept for validation. Voices and faces are paired by the
# gender that a network sees in the picture, in `baseline-by-person` by person, as the paper does.
# Killed at any moment, it goes on where it was when it is started again. Then
# `python -m benchmarks.against_speech2face OUT PAIRS.csv` asks.
# On a GPU, as the paper has it: JOBS=1 WIDTH=1 BATCH=128 ITERATIONS=50000 DEVICE=cuda
set -euo pipefail
[ $# -eq 3 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
pairs=$(realpath "$1") voices=$(realpath "$2") out=$3
: "${JOBS:=2}" "${WIDTH:=0.25}" "${BATCH:=32}" "${ITERATIONS:=2000}" "${DEVICE:=cpu}" "${SEED:=1}"
: "${VOICE_WIDTH:=0.5}" "${VOICE_ITERATIONS:=2000}" "${VOICE_BATCH:=64}"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" WIDTH BATCH ITERATIONS DEVICE SEED
mkdir -p "$out"
[ -e "$out/pairs.csv" ] || python -m benchmarks.gender_seen "$pairs" "$out/pairs.csv"
cd "$out"

# Of web pictures about one in forty has no face that looks ahead: counted, listed and left out.
prepare() { # a table's faces of this column, as a corpus of that name
    [ -e "$1/corpus.json" ] ||
        voice2face prepare pairs.csv "${@:3}" "$1" --face "$2" --split hash:88/12/0 \
            --max-skipped 0.2 --quiet || [ $? -eq 2 ]
}
prepare face face
prepare canonical canonical
prepare speakers face "$voices" # its faces are not looked at

[ -e voice/model/config.yaml ] ||
    voice2face train voice speakers voice --width "$VOICE_WIDTH" --iterations "$VOICE_ITERATIONS" \
        --batch-size "$VOICE_BATCH" --precision bf16 --augment noise,reverberation,speed,codec \
        --set training.weight_decay=0.01 --seed "$SEED" --device "$DEVICE" --quiet --resume

train() { # faces, variant, what voices and faces are paired by, name of the model
    voice2face train face "$1" "$1-models/$4" --variant "$2" --voice-encoder voice --pair-by "$3" \
        --width "$WIDTH" --iterations "$ITERATIONS" --batch-size "$BATCH" --precision bf16 \
        --set training.ema_decay=0.999 --seed "$SEED" --device "$DEVICE" --half --quiet --resume
}
export -f train
{
    for variant in baseline bn bn-tanh tanh dropout; do
        for faces in canonical face; do echo "$faces $variant gender $variant"; done
    done
    for faces in canonical face; do echo "$faces baseline identity baseline-by-person"; done
} | xargs -P "$JOBS" -L1 bash -c 'train "$@"' train
