import numpy as np

from voice2face.audio import normalise
from voice2face.corpus import Corpus
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.gan.samples import N_SAMPLES, sample_voices


def test_samples_are_spread_over_an_attribute_in_its_order(corpus):
    opened = Corpus.open(corpus)
    split = next(s for s in ("validation", "test") if opened.info.counts[s].voices)
    frames = CorpusFrames(opened)
    voices = frames.voices(split)
    order = sorted(range(len(voices)), key=lambda i: str(voices.attributes["gender"][i]))
    bank = sample_voices(frames, "gender")
    assert len(bank) == min(N_SAMPLES, len(voices))
    for i, row in enumerate(order):
        expected = normalise(np.asarray(voices.frames[row], np.float32)).astype(np.float16)
        found = bank.whole(i, 1)[0].T.numpy()
        assert np.array_equal(found, expected.astype(np.float32))
