"""What is set aside is not trained on, whether the corpus is in memory or streamed."""

from benchmarks.made_corpus import Made, write_corpus
from voice2face.corpus import Corpus
from voice2face.corpus.held_out import is_aside
from voice2face.training.data.pairing import Pairing
from voice2face.training.data.source import FaceData
from voice2face.training.data.streamed import open_data


def test_what_is_set_aside_is_never_drawn(tmp_path):
    people = tuple(f"p{i % 40:02}" for i in range(160))
    corpus = Corpus.open(
        write_corpus(tmp_path / "c", Made(people, people, (30, 50), 16, 40, 40, 10))
    )
    voices = corpus.voices("train")
    kept = {i for i, aside in enumerate(is_aside(voices.clip, 0.3)) if not aside}
    assert 80 < len(kept) < 140
    whole = open_data(corpus, "identity", aside=0.3)
    assert isinstance(whole, FaceData)
    heard = sorted(int(n) for n in whole.voices.lengths)
    assert heard == sorted(len(voices.log_mel[i]) for i in kept)
    paired = Pairing.of(corpus, "identity", "train", 0.3)
    assert sum(paired.voices.counts) == len(kept)
    assert sum(paired.faces.counts) == 160
    assert sum(Pairing.of(corpus, "identity", "train").voices.counts) == 160
