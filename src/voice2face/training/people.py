"""Who is in the training split of a corpus, for what a model says of itself."""

from voice2face.corpus import Corpus
from voice2face.release.people import people_entry


def people_of(corpus: Corpus) -> dict[str, str]:
    """The entry of a model's provenance: see ``release.people``."""
    names: set[str] = set()
    for shard in corpus.info.shards:
        if shard.split == "train":
            names.update(corpus.table(shard, ["identity"])["identity"].to_pylist())
    return people_entry(names)
