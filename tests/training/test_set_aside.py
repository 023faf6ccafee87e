"""What is set aside is not trained on, whether the corpus is in memory or streamed."""

from benchmarks.made_corpus import Made, write_corpus
from voice2face.corpus import Corpus
from voice2face.corpus.held_out import held_out_clips
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.pairing import Pairing
from voice2face.training.data.source import FaceData
from voice2face.training.data.streamed import open_data


def test_what_is_set_aside_is_never_drawn(tmp_path):
    people = tuple(f"p{i % 40:02}" for i in range(160))
    corpus = Corpus.open(
        write_corpus(tmp_path / "c", Made(people, people, (30, 50), 16, 40, 40, 10))
    )
    frames = CorpusFrames(corpus)
    voices = frames.voices("train")
    hidden = held_out_clips(corpus, "train", 0.3)
    kept = [i for i, clip in enumerate(voices.clip) if clip not in hidden]
    assert len(kept) == 120 and {voices.identity[i] for i in kept} == set(people)
    whole = open_data(frames, "identity", set_aside=0.3)
    assert isinstance(whole, FaceData)
    heard = sorted(int(n) for n in whole.voices.lengths)
    assert heard == sorted(len(voices.frames[i]) for i in kept)
    paired = Pairing.of(frames, "identity", 0.3)
    assert sum(paired.voices.counts) == len(kept)
    assert sum(paired.faces.counts) == 160
    assert sum(Pairing.of(frames, "identity").voices.counts) == 160
