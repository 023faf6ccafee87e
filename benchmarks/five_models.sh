#!/usr/bin/env bash
# The report's five models on what the paper had: a frozen voice encoder that hears (GE2E), and faces
# that lie on one another. Voices and faces are of different people, paired by gender and decade.
#
#   benchmarks/five_models.sh VOICES.csv PAIRS.csv FACES.csv OUT
#
# (the tables of five_tables.py). All models are brought to one number of iterations before any goes
# on to the next, so that they can be compared at any moment. Killed, it goes on where it was when it
# is started again; with more ITERATIONS the runs are made longer. As the paper has it, on a GPU:
#
#   STAGES= WIDTH=1 BATCH=128 ITERATIONS=50000 DEVICE=cuda benchmarks/five_models.sh ...
set -euo pipefail
[ $# -eq 4 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
voices=$(realpath "$1") pairs=$(realpath "$2") faces=$(realpath "$3") out=$4
: "${WIDTH:=0.25}" "${BATCH:=64}" "${ITERATIONS:=20000}" "${SEEDS:=1 2 3}" "${DEVICE:=cpu}"
: "${REMOVE=hair}" # empty: hair is kept, for a comparison, in an OUT of its own
: "${STAGES=250 500 1000 2000 5000 10000}" "${PYTHON:=python}"
: "${MODELS:=baseline bn bn-tanh tanh dropout generator-dropout}"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$out"
out=$(realpath "$out")

[ -e "$out/tables/voices.csv" ] ||
    (cd "$here" && "$PYTHON" -m benchmarks.five_tables "$voices" "$pairs" "$faces" "$out/tables")

# FairFace's faces reach to the edge of their pictures. The default filters leave a fifth of them;
# faces a little turned, or with parted lips, can be laid on one another too, and a critic needs many.
[ -e "$out/open/corpus.json" ] ||
    voice2face prepare "$out/tables/voices.csv" "$out/tables/faces.csv" "$out/open" \
        --geometry normalised-close ${REMOVE:+--remove "$REMOVE"} --px 64 \
        --set filters.max_outside=1 \
        --set normalised.max_turned=0.14 --set normalised.max_nodded=0.14 \
        --set normalised.max_mouth=0.1 \
        --split column:split --max-skipped 0.9 --quiet

# The released program adds noise of 0.05 to each of 64 numbers; to GE2E's 256 as much in all.
# Some 4,000 faces are told from made ones too soon: without a penalty and augmented pictures the
# discriminator's loss fell to 0.01 by step 600, and bn-tanh drew one face for all voices. All models
# have both alike.
train() { # MODEL SEED ITERATIONS
    voice2face train face "$out/open" "$out/faces/$1-$2" --variant "$1" --seed "$2" \
        --voice-encoder ge2e --pair-by group --set embedding.noise=0.025 --width "$WIDTH" \
        --batch-size "$BATCH" --iterations "$3" --set training.ema_decay=0.999 \
        --set training.r1=1 --set training.augment=[colour,translation,cutout] \
        --device "$DEVICE" --half --quiet --resume
}
done_already() { # MODEL SEED ITERATIONS
    local found
    found=$(sed -n 's/^  iterations: //p' "$out/faces/$1-$2/model/config.yaml" 2>/dev/null) || true
    [ "${found:-0}" -ge "$3" ]
}

first=${SEEDS%% *}
for seeds in "$first" "$SEEDS"; do
    for until in $STAGES $ITERATIONS; do
        # One seed alone goes ahead, to a quarter; then the others follow.
        [ "$seeds" = "$SEEDS" ] || [ $((4 * until)) -le "$ITERATIONS" ] || continue
        [ "$until" -le "$ITERATIONS" ] || continue
        for seed in $seeds; do
            for model in $MODELS; do
                done_already "$model" "$seed" "$until" || train "$model" "$seed" "$until"
            done
        done
    done
done
