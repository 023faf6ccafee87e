"""Options that several commands have, and how their values are read."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from voice2face.errors import SettingsError

if TYPE_CHECKING:
    from voice2face.faces.settings import FaceCrop

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Force = Annotated[
    bool, typer.Option("--force", help="Also replace files that voice2face didn't make.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of all that is random.")]
Workers = Annotated[int, typer.Option(min=1, help="Number of processes.")]
NewFolder = Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write; must be new.")]
CorpusFolder = Annotated[Path, typer.Argument(metavar="CORPUS", help="Folder that `prepare` made.")]

# Of commands that read what people have: `prepare` and `plan`.
Sources = Annotated[
    list[Path], typer.Argument(metavar="SOURCE", help="Tables (CSV, Parquet) or folders.")
]
Layout = Annotated[
    str | None,
    typer.Option(
        help="table, voxceleb, processed, videos or cohort.  [default: found out from the files]"
    ),
]
Aligned = Annotated[
    bool, typer.Option("--aligned", help="The pictures of the table are aligned faces already.")
]
FrontEndPreset = Annotated[
    str | None,
    typer.Option(
        help="Audio front end: clean or released.  [default: clean, unless the data is released]"
    ),
]
Sound = Annotated[
    str,
    typer.Option(
        help="Format in which recordings are stored: flac (lossless) or opus (a third as large)."
    ),
]
FacePx = Annotated[int, typer.Option(help="Side of a face in pixels.")]
Geometry = Annotated[
    str,
    typer.Option(
        "--geometry",
        "--align",
        help="Crop: released (as Wen et al. trained on), tight, normalised (point by point on one "
        "mean shape, in even light), or normalised-close (of that the face alone).",
    ),
]
Remove = Annotated[str | None, typer.Option(help="Paint over hair, background or hair,background.")]
IdentityColumn = Annotated[
    str | None, typer.Option(help="Column of the person, if not 'identity'.")
]
VoiceColumn = Annotated[str | None, typer.Option(help="Column of the recording, if not 'voice'.")]
FaceColumn = Annotated[str | None, typer.Option(help="Column of the picture, if not 'face'.")]
SetFaces = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Change a setting of the faces, such as filters.max_yaw_deg=20.",
    ),
]

# Of commands that train: `train voice`, `train face` and `reproduce`.
RunFolder = Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the run.")]
Preset = Annotated[str, typer.Option(help="Settings to start from: released or paper.")]
Width = Annotated[
    float, typer.Option(help="Network width, as a fraction of the full number of channels.")
]
FROM_PRESET = "[default: the preset's]"
Iterations = Annotated[int | None, typer.Option(min=1, help=f"Training steps.  {FROM_PRESET}")]
BatchSize = Annotated[int | None, typer.Option(min=1, help=f"Examples a step.  {FROM_PRESET}")]
Precision = Annotated[
    str | None, typer.Option(help="fp32 or bf16.  [default: the faster one on this device]")
]
Device = Annotated[str, typer.Option(help="Device to compute on: cpu, cuda, cuda:1 ...")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Continue the run in OUT exactly where it stopped.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Change any setting, such as training.r1=1; a wrong name lists all.",
    ),
]


def given(**options: Any) -> dict[str, Any]:
    """Options without those that are None, which were not given."""
    return {name: value for name, value in options.items() if value is not None}


def comma_list(text: str | None) -> tuple[str, ...] | None:
    """Names separated by commas; None if not given."""
    return None if text is None else tuple(s.strip() for s in text.split(",") if s.strip())


def assignments(texts: Sequence[str] | None) -> dict[str, Any]:
    """Settings of texts ``NAME=VALUE``, with the value in YAML.

    Raises:
        SettingsError: There is no ``=``, or the value is no YAML.
    """
    from voice2face.settings import parse_yaml

    settings = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise SettingsError(text, "no value", "NAME=VALUE", "correct it")
        settings[name] = parse_yaml(value, f"--set {name}")
    return settings


def face_crop(set_faces: Sequence[str] | None, *, remove: str | None, **options: Any) -> "FaceCrop":
    """Settings of face crops.

    Args:
        set_faces: Values of ``--set``, which override the options.
        remove: Value of ``--remove``.
        options: Entries of ``FaceCrop`` by name, which is that of the option; None: not given.

    Raises:
        SettingsError: A setting does not exist, or can't have the value.
    """
    from voice2face.faces.settings import FaceCrop
    from voice2face.settings import change

    entries = given(**options, remove=_removed(remove))
    try:
        crop = change(FaceCrop(), entries)
    except SettingsError as error:  # an entry is called like its option
        thing = f"--{error.thing}"
        raise SettingsError(thing, error.found, error.wanted, error.remedy) from error
    return change(crop, assignments(set_faces))


def _removed(text: str | None) -> tuple[str, ...]:
    """The words of ``--remove``.

    Raises:
        SettingsError: A word is unknown, or there twice.
    """
    from voice2face.faces.settings import Removable

    words = comma_list(text) or ()
    for word in words:
        if word not in get_args(Removable):
            known = ", ".join(get_args(Removable))
            wanted = f"one or more of {known}, parted by commas,"
            raise SettingsError("--remove", word, wanted, "correct it")
        if words.count(word) > 1:
            raise SettingsError("--remove", f"{word} twice", "each once", "correct it")
    return words
