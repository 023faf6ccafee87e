"""The model ``face-space`` that is shipped, from the file that ``benchmarks.face_space`` makes.

    python -m benchmarks.face_space_model FACE_SPACE.npz OUT --data FOLDER --kept FOLDER

OUT becomes a model folder: GE2E, the face space, read-offs of gender and age, and the card. FOLDER
is the one that taught the face space; how many faces and portraits it consists of is counted in the
second (OUT of ``benchmarks.face_space``), how many recordings in the first.
"""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.face_space import SHIPPED, Places, open_faces, portraits
from benchmarks.harness import DataFolder
from voice2face.generators import face_space
from voice2face.parts import Part, read_arrays
from voice2face.release.people import people_entry
from voice2face.release.writing import NewPart, write_release
from voice2face.training.face_space.tables import read_rows
from voice2face.voice_encoders import ge2e, heard

REMARKS = """
## What it learned, and what its faces look like

**Pixels** are FairFace's faces (CC BY 4.0, Kärkkäinen and Joo 2021), without hair, and what
surrounds a face in official portraits of members of the US Congress (public domain): head, hair,
shoulders and light. Each face was laid onto one mean shape by a mesh of 468 points; texture and
shape are principal components, weighed so that genders are even, ages are those of adults and
every group of FairFace counts alike. **What a voice tells** is numbers alone: ridge regressions
from GE2E's embedding, taught on the voices of AVSpeech and what networks see in their speakers'
pictures (gender, age, and where their faces lie in the space), and on the gender of LibriSpeech's
readers. No picture of these speakers is in the model.

The faces that the space consists of are in even light, with open eyes and without spectacles: two
thirds of those of FairFace's that are frontal and have a closed mouth. They were lit as the
portraits are on average; how light a face is as a whole was left to its picture, half-way to the
mean of its labelled group.

The face itself is the mean of what a voice tells: a usual person of the gender and about the age
that are heard. Around it is a head, hair, ears, neck and clothes, that is the mean of three
portraits which look alike; no single portrait is in the model, nor any portrait's face. Hair and
clothes are not heard: a voice gets a head that suits gender, age and skin, and keeps it. The skin
is that of the middle of all groups and changes little with the voice: it tells nothing. Drawn
people differ in skin, shape, hair and light, because a voice does not tell these. The portraits
are mostly of white men in middle age in suits: heads of others are few and come back more often.
Some faces still look odd: dark ones around the eyes, and hair where three portraits do not quite
agree.

How often gender and age are right, `python -m benchmarks.faces` and `python -m benchmarks hearing`
measure on people whose faces, genders and ages taught nothing; docs/people.md says what is known.
"""


def main(
    file: Annotated[Path, typer.Argument(metavar="FACE_SPACE")],
    out: Path,
    data: DataFolder,
    kept: Annotated[Path, typer.Option(help="OUT of benchmarks.face_space.")],
) -> None:
    parts = [
        _new(ge2e.Ge2ePart(), ge2e.SHIPPED, ge2e.FILE),
        _new(SHIPPED, file, face_space.FILE),
        _new(heard.LinearReadOffsPart(), heard.SHIPPED, heard.FILE),
    ]
    write_release(out, "face-space", parts, _provenance(file, Places(kept, data)), remarks=REMARKS)
    print(out)


def _new(part: Part, source: Path, name: str) -> NewPart:
    def write(folder: Path) -> None:
        shutil.copyfile(source, folder / name)

    return NewPart(part, write)


def _provenance(file: Path, places: Places) -> dict[str, str | int | float | bool | None]:
    heard = read_rows(places.data / "pairs" / "avspeech" / "pairs.csv")
    readers = read_rows(places.data / "open" / "voices.csv")
    return {
        "made_by": "python -m benchmarks.face_space, python -m benchmarks.face_space_model",
        "sources": "FairFace, portraits of the US Congress; AVSpeech, LibriSpeech (numbers alone)",
        "faces": len(open_faces(places).texture),
        "portraits": len(portraits(places).texture),
        "heads for drawn people": len(read_arrays(file)["head_ends"]),
        "recordings": len(heard),
        "readers' recordings": len(readers),
        "voice encoder": "GE2E (Resemblyzer 0.1.4, Apache-2.0)",
        **people_entry(row["identity"] for row in (*heard, *readers)),
    }


if __name__ == "__main__":
    typer.run(main)
