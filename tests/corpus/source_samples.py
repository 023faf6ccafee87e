"""Folders of empty files: sources are listed, not opened."""

from collections.abc import Iterable
from pathlib import Path

from voice2face.corpus.prepare.inputs import Input, Inputs, collect
from voice2face.corpus.prepare.splits import SplitRule
from voice2face.corpus.sources import Columns, read_source

META_HEADER = "VoxCeleb1 ID\tVGGFace1 ID \tGender\tNationality\tSet\n"
META = META_HEADER + (
    "id10001\tA.J._Buckley\tm\tIreland\tdev\n"
    "id10002\tÁlvaro_Güell\tf\tSpain\ttest\n"
    "id10003\tZoe_No_Pictures\tf\t\tdev\n"
    "id10004\tYves_No_Voice\tm\tUSA\tdev\n"
)


def make_files(root: Path, names: Iterable[str]) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def inputs_of(
    *paths: Path,
    split: str = "hash:80/10/10",
    layout: str | None = None,
    aligned: bool = False,
    **columns: str,
) -> Inputs:
    sources = [read_source(p, layout, Columns(**columns), aligned=aligned) for p in paths]
    return collect(sources, SplitRule.parse(split))


def of_kind(inputs: Inputs, kind: str) -> list[Input]:
    return [item for item in inputs.usable if item.kind == kind]


def reasons(inputs: Inputs) -> list[tuple[str, str, str]]:
    return [(skip.kind, skip.path, skip.reason) for skip in inputs.skipped]
