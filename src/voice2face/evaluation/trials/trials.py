"""Trials made by a seed, and the files that they are kept in."""

from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.errors import CorpusError
from voice2face.evaluation.trials import drawn_trials as draw
from voice2face.evaluation.trials.trial_list import Items, Protocol, TrialList, refused
from voice2face.files import write_bytes
from voice2face.json_files import read_json

__all__ = ["Items", "TrialList", "make_trials", "read_trials", "write_trials"]

FORMAT_VERSION = 1
MOST_BYTES = 1 << 28  # a file that is larger is none of ours
SETS_EACH = 20  # of each probe, "1:N"
PAIRS = 30_000  # of one person, and as many of two, "verification"
REMEDY = "restore it, or make it again"

Ints = npt.NDArray[np.int64]


def make_trials(
    probes: Items,
    gallery: Items,
    *,
    protocol: Protocol,
    strata: tuple[str, ...] = (),
    n_way: int = 2,
    n_sets: int | None = None,
    seed: int = 0,
    others_only: bool = False,
) -> TrialList:
    """Fix what is asked.

    Args:
        probes: Recordings that faces are made from.
        gallery: Real faces.
        protocol: "1:2": all triples (probe, face of its person, face of another), or drawn ones;
            "1:N": drawn sets of ``n_way`` faces of as many people; "retrieval": the whole gallery
            or drawn galleries of ``n_way`` people, disjoint if there are enough; "verification":
            pairs of one person, and as many of two.
        strata: Columns in which all faces of a trial are alike; in "verification" the probe too.
        n_way: Faces of a set, people of a gallery.
        n_sets: Of each probe; of galleries; of pairs of either kind. None: all triples, 20 sets
            of each probe, the whole gallery, 30,000 pairs.
        seed: Seed of what is drawn.
        others_only: Whether a real face with the probe's own name is no true face of it.

    Raises:
        CorpusError: Nobody can be asked about, such as where there is one identity alone or no
            impostor of the same gender; or the numbers can't be.
    """
    if n_sets is not None and n_sets < 1:
        raise refused("trials", f"{n_sets} sets", "at least 1", "give a larger number")
    if protocol == "verification":
        n_way = 1
    elif protocol == "retrieval" and n_sets is None:
        n_way = len(np.unique(gallery.identity))
    if protocol == "1:2" and n_way != 2:
        raise refused("1:2 trials", f"{n_way} faces each", "2", "give protocol '1:N'")
    if n_way < 2 and protocol != "verification":
        raise refused(f"{protocol} trials", f"{n_way} face", "2 or more", "give more people")
    every = TrialList(protocol, probes, gallery, strata, n_way, seed, others_only=others_only)
    draw.check_possible(every)
    if n_sets is None and protocol in ("1:2", "retrieval"):
        return every
    rng = np.random.default_rng(seed)
    asked: Ints | None = None
    if protocol == "retrieval":
        sets = draw.galleries(every, n_sets or 1, rng)
    elif protocol == "verification":
        asked, sets = draw.pairs(every, n_sets or PAIRS, rng)
    else:
        asked, sets = draw.sets_of_faces(every, n_sets or SETS_EACH, rng)
    return TrialList(protocol, probes, gallery, strata, n_way, seed, asked, sets, others_only)


class _Items(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: list[str]
    identity: list[str]
    groups: dict[str, list[str]]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format_version: int
    sha256: str
    protocol: Protocol
    strata: tuple[str, ...]
    n_way: int
    seed: int
    others_only: bool
    probes: _Items
    gallery: _Items
    asked: list[int] | None
    sets: list[list[int]] | None


def write_trials(path: Path, trials: TrialList) -> None:
    """Write a list as JSON, with its checksum.

    Raises:
        OutputError: It could not be written.
    """
    probes, gallery = (
        _Items(
            items.name.tolist(),
            items.identity.tolist(),
            {name: items.groups[name].tolist() for name in sorted(items.groups)},
        )
        for items in (trials.probes, trials.gallery)
    )
    asked, sets = (None if x is None else x.tolist() for x in (trials.asked, trials.sets))
    file = _File(
        FORMAT_VERSION,
        trials.sha256,
        trials.protocol,
        trials.strata,
        trials.n_way,
        trials.seed,
        trials.others_only,
        probes,
        gallery,
        asked,
        sets,
    )
    write_bytes(path, msgspec.json.encode(file) + b"\n")


def read_trials(path: Path) -> TrialList:
    """Read what :func:`write_trials` wrote.

    Raises:
        CorpusError: It is missing, damaged, changed, or of a later format than this program knows.
    """
    wanted = "a list of trials"
    file = read_json(
        path, _File, wanted, REMEDY, refused=CorpusError, newest=FORMAT_VERSION,
        most_bytes=MOST_BYTES,
    )  # fmt: skip
    try:
        trials = _decoded(file, path)
    except (ValueError, OverflowError) as error:
        raise CorpusError(path, f"damaged ({error})", wanted, REMEDY) from error
    if trials.sha256 != file.sha256:
        raise CorpusError(path, "changed: its checksum is another", wanted, REMEDY)
    return trials


def _decoded(file: _File, path: Path) -> TrialList:
    try:
        return _as_list(file)
    except CorpusError as error:
        found = f"damaged ({error.thing}: {error.found})"
        raise CorpusError(path, found, "a list of trials", REMEDY) from error


def _as_list(file: _File) -> TrialList:
    probes, gallery = (
        Items(
            np.array(items.name, np.str_),
            np.array(items.identity, np.str_),
            {name: np.array(column, np.str_) for name, column in items.groups.items()},
        )
        for items in (file.probes, file.gallery)
    )
    asked, sets = (None if x is None else np.array(x, np.int64) for x in (file.asked, file.sets))
    return TrialList(
        file.protocol,
        probes,
        gallery,
        file.strata,
        file.n_way,
        file.seed,
        asked,
        sets,
        file.others_only,
    )
