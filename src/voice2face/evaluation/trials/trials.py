"""Makes lists of trials from a seed; writes and reads them."""

from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.arrays import Int64s
from voice2face.errors import CorpusError
from voice2face.evaluation.trials import drawn_trials as draw
from voice2face.evaluation.trials.trial_list import Items, Protocol, TrialList, refused
from voice2face.files import write_bytes
from voice2face.json_files import read_json

__all__ = ["Items", "TrialList", "make_trials", "read_trials", "write_trials"]

FORMAT_VERSION = 1
MOST_BYTES = 1 << 28  # a file that is larger is none of ours
SETS_EACH = 20  # sets of each probe, in "1:N"
PAIRS = 30_000  # pairs of one person, and as many of two, in "verification"
REMEDY = "restore it, or make it again"


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
    """Make a list of trials.

    Args:
        probes: Recordings that faces are made from.
        gallery: Real faces.
        protocol: "1:2": all triples (probe, face of its person, face of another), or drawn ones;
            "1:N": drawn sets of ``n_way`` faces of as many people; "retrieval": the whole gallery
            or drawn galleries of ``n_way`` people, disjoint if there are enough; "verification":
            pairs of one person, and as many of two.
        strata: Columns in which all faces of a trial are alike; in "verification" the probe too.
        n_way: Number of faces of a set, or of people of a gallery.
        n_sets: Number of sets of each probe, of galleries, or of pairs of either kind. None: all
            triples, 20 sets of each probe, the whole gallery, 30,000 pairs.
        seed: Seed of what is drawn.
        others_only: Whether a real face with the probe's own name is no true face of it.

    Raises:
        CorpusError: Nobody can be asked about, for example because there is one identity alone, or
            no impostor of the same gender; or the numbers are impossible.
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
    asked: Int64s | None = None
    if protocol == "retrieval":
        sets = draw.galleries(every, n_sets or 1, rng)
    elif protocol == "verification":
        asked, sets = draw.pairs(every, n_sets or PAIRS, rng)
    else:
        asked, sets = draw.sets_of_faces(every, n_sets or SETS_EACH, rng)
    return TrialList(protocol, probes, gallery, strata, n_way, seed, asked, sets, others_only)


def write_trials(path: Path, trials: TrialList) -> None:
    """Write a list as JSON, with its checksum.

    Raises:
        OutputError: It could not be written.
    """
    content = msgspec.to_builtins(trials, enc_hook=np.ndarray.tolist)
    content |= {"format_version": FORMAT_VERSION, "sha256": trials.sha256}
    write_bytes(path, msgspec.json.encode(content, order="deterministic") + b"\n")


def read_trials(path: Path) -> TrialList:
    """Read what :func:`write_trials` wrote.

    Raises:
        CorpusError: It is missing, damaged, changed, or of a later format.
    """
    wanted = "a list of trials"
    content = read_json(
        path, dict[str, Any], wanted, REMEDY, refused=CorpusError, newest=FORMAT_VERSION,
        most_bytes=MOST_BYTES,
    )  # fmt: skip
    head = [content.pop(name, None) for name in ("format_version", "sha256")]
    try:
        if content.keys() != {field.name for field in fields(TrialList)}:
            raise ValueError("other entries than a list has")
        trials = msgspec.convert(content, TrialList, dec_hook=_array)
    except CorpusError as error:
        found = f"damaged ({error.thing}: {error.found})"
        raise CorpusError(path, found, wanted, REMEDY) from error
    except (ValueError, OverflowError) as error:
        raise CorpusError(path, f"damaged ({error})", wanted, REMEDY) from error
    if trials.sha256 != head[1]:
        raise CorpusError(path, "changed: its checksum is another", wanted, REMEDY)
    return trials


def _array(kind: Any, values: list[Any]) -> npt.NDArray[Any]:
    """A list as an array of the type that an annotation such as ``NDArray[np.int64]`` names."""
    (scalar,) = get_args(get_args(kind)[1])
    return np.array(values, scalar)
