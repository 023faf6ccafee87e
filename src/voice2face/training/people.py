"""What a model's provenance says of its corpus, and of the people in it."""

from voice2face import __version__
from voice2face.corpus import Corpus
from voice2face.release.people import people_entry

PAINTED_OVER = "painted over in the faces"  # entry of a model's provenance


def facts_of(corpus: Corpus, command: str) -> dict[str, str]:
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
