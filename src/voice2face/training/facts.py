"""What a model's provenance says of its corpus, and of the people in it."""

from typing import Any

from voice2face import __version__
from voice2face.corpus import Corpus
from voice2face.release.people import people_entry

PAINTED_OVER = "painted over in the faces"  # entry of a model's provenance


def facts_of(corpus: Corpus, command: str) -> dict[str, Any]:
    """Entries of a model's provenance that every training writes.

    Args:
        corpus: What it was trained on.
        command: Name of the command, such as ``train face``.
    """
    names: set[str] = set()
    for shard in corpus.info.shards:
        if shard.split == "train":
            names.update(corpus.table(shard, ["identity"])["identity"].to_pylist())
    removed = ", ".join(sorted(corpus.info.face_crop.remove))
    return {
        "made_by": f"voice2face {__version__}, {command}",
        "sources": ", ".join(corpus.info.source_names),
        "corpus": corpus.info.data_hash,
        **people_entry(names),
        **({PAINTED_OVER: removed} if removed else {}),
    }


def face_facts(
    corpus: Corpus, pair_by: str, set_aside: float, *, classes: int, recordings: int, faces: int
) -> dict[str, Any]:
    """Entries of the provenance of a model that makes faces.

    Args:
        corpus: What it was trained on.
        pair_by: What voices and faces were paired by.
        set_aside: Share of the recordings that was not trained on.
        classes: Number of people, or groups.
        recordings: Number of recordings.
        faces: Number of faces.
    """
    return {
        **facts_of(corpus, "train face"),
        "paired by": pair_by,
        "classes": classes,
        "recordings": recordings,
        "recordings set aside": set_aside,
        "faces": faces,
        **({"geometry": corpus.info.geometry} if corpus.info.geometry else {}),
    }
