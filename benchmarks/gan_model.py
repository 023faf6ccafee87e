"""The model ``gan`` that is shipped, from a model folder that ``five_models.sh`` trained.

    python -m benchmarks.gan_model TRAINED OUT

OUT becomes a model folder: the parts of TRAINED, its provenance, and the card.
"""

from pathlib import Path

import typer

from voice2face.release.model_folder import read_config
from voice2face.release.writing import copied_part, write_release

RELEASED_ITERATIONS = 50_000  # of the released program
REMARKS = """
## What it learned, and what its faces look like

It is the report's kind of model: GE2E hears, and a generator draws that was trained against
critics. Of the report's five it is `{variant}`, trained for {iterations:,} iterations, a small
part of the {released:,} of the released program, and with a narrower network (docs/training.md,
"The five models").

**Voices** are {recordings:,} recordings of readers of LibriSpeech and speakers of AVSpeech,
**faces** {faces:,} pictures of FairFace. They are of different people, paired by gender and decade
of age. So a voice decides gender and age group; all else (skin, shape, the person) is drawn
freely, is the same each time for the same voice, and means nothing.

It draws faces alone, laid onto one shape, hair painted over, of 64 pixels. They are rough and
soft, and like voices get like faces.

Trained by `benchmarks/five_models.sh`, made into this folder by `python -m benchmarks.gan_model`.
Data: LibriSpeech, CC BY 4.0, Panayotov et al. 2015; AVSpeech, Ephrat et al. 2018;
FairFace, CC BY 4.0, Kärkkäinen and Joo 2021. GE2E: Resemblyzer 0.1.4, Apache-2.0. The generator's
weights: CC BY 4.0.
"""


def main(trained: Path, out: Path) -> None:
    config = read_config(trained)
    facts = config.provenance
    sources = "LibriSpeech, AVSpeech (voices); FairFace (faces)"
    remarks = REMARKS.format(
        variant=str(facts["variant"]).partition(",")[0],
        released=RELEASED_ITERATIONS,
        **{name: facts[name] for name in ("iterations", "recordings", "faces")},
    )
    parts = [copied_part(trained, part) for part in config.parts]
    write_release(out, "gan", parts, {**facts, "sources": sources}, remarks=remarks)
    print(out)


if __name__ == "__main__":
    typer.run(main)
