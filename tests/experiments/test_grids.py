"""Sheets of faces: made ones, then real ones, where there are."""

from types import SimpleNamespace

import numpy as np
import pytest

from voice2face.experiments import grids

PX = 4


class Speech(SimpleNamespace):
    def __len__(self) -> int:
        return len(self.identity)


@pytest.mark.parametrize(
    ("real_of", "columns"),
    [({}, ["a", "b"]), ({"p1": 1}, ["a", "b", "real"]), ({"p0": 2}, ["a", "b", "real", "another"])],
)
def test_there_are_as_many_columns_of_real_faces_as_anybody_has(monkeypatch, real_of, columns):
    added = {}

    def real_faces(context: object, person: str) -> np.ndarray:
        return np.full((real_of.get(person, 0), PX, PX, 3), 7, np.uint8)

    def add_grid(summary: object, cells: np.ndarray, rows: list, labels: list) -> None:
        added.update(cells=cells, rows=rows, labels=labels)

    monkeypatch.setattr(grids, "real_faces", real_faces)
    monkeypatch.setattr(grids, "add_grid", add_grid)
    corpus = SimpleNamespace(info=SimpleNamespace(face_px=PX))
    summary = SimpleNamespace(context=SimpleNamespace(corpus=corpus))
    made = {name: np.zeros((2, PX, PX, 3), np.uint8) for name in "ab"}
    speech = Speech(identity=np.array(["p0", "p1"]))
    grids.add_people(summary, speech, made, real=("real", "another"), labels=["p0", "p1"])
    assert added["labels"] == columns
    assert added["cells"].shape == (2, len(columns), PX, PX, 3)
    for row, person in enumerate(("p0", "p1")):
        assert (added["cells"][row, 2 : 2 + real_of.get(person, 0)] == 7).all()
