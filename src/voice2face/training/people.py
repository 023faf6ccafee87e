"""Who is in the training split of a corpus, and how, for what a model says of itself."""

from voice2face.corpus import Corpus
from voice2face.release.people import people_entry

PAINTED_OVER = "painted over in the faces"  # entry of a model's provenance


def people_of(corpus: Corpus) -> dict[str, str]:
    """Entries of a model's provenance: see ``release.people``; and what its faces lack."""
    names: set[str] = set()
    for shard in corpus.info.shards:
        if shard.split == "train":
            names.update(corpus.table(shard, ["identity"])["identity"].to_pylist())
    removed = ", ".join(sorted(corpus.info.face_crop.remove))
    return people_entry(names) | ({PAINTED_OVER: removed} if removed else {})
