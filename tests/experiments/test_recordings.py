"""Recordings cut, and noise in their place."""

from dataclasses import replace

import numpy as np
import pytest

from voice2face.audio.settings import FRONT_ENDS
from voice2face.experiments.noises import NOISES, noise
from voice2face.experiments.recordings import Recordings

CLEAN = FRONT_ENDS["clean"]
BANDS_HZ = np.linspace(0, 1, 64)


def _voices(n: int = 8, frames: int = 400) -> Recordings:
    rng = np.random.default_rng(0)
    people = np.array([f"p{i // 2}" for i in range(n)], str)
    mels = [rng.normal(size=(frames + 10 * i, 64)).astype(np.float32) for i in range(n)]
    sex = np.array(["male" if i % 4 < 2 else "" for i in range(n)], str)
    return Recordings(np.array([f"c{i}" for i in range(n)], str), people, mels, {"gender": sex})


def test_a_cut_is_that_part_of_each() -> None:
    voices = _voices()
    cut = voices.cut(1.5, start_s=0.5)
    for whole, part in zip(voices.sounds, cut.sounds, strict=True):
        np.testing.assert_array_equal(part, whole[50:200])
    starts = np.arange(8) / 10
    for i, part in enumerate(voices.cut(1.0, starts).sounds):
        np.testing.assert_array_equal(part, voices.sounds[i][10 * i : 10 * i + 100])


def test_some_of_them_keep_what_is_known() -> None:
    voices = _voices()
    some = voices.only([5, 0])
    assert some.clip.tolist() == ["c5", "c0"]
    assert some.attributes["gender"].tolist() == ["male", "male"]
    assert some.sounds[0] is voices.sounds[5]
    assert voices.at_least(4.5).clip.tolist() == ["c5", "c6", "c7"]


def test_a_key_is_of_the_content_and_its_order_whatever_the_names() -> None:
    voices = _voices()
    renamed = replace(voices, clip=np.char.add("other ", voices.clip))
    again = renamed.only(np.arange(len(voices)))
    assert again.key == voices.key and again.digests == voices.digests
    assert voices.only([1, 0]).key != voices.only([0, 1]).key
    assert voices.cut(1.0).key != voices.cut(1.5).key
    assert Recordings.together([voices.only([0]), voices.only([1])]).key == voices.only([0, 1]).key


@pytest.mark.parametrize("kind", NOISES)
def test_noise_has_its_length_and_is_its_own_each_time(kind: str) -> None:
    made = noise(kind, 2, 3, _voices(), CLEAN, seed=1)
    assert [x.shape for x in made.sounds] == [(200, 64)] * 3
    assert not np.array_equal(made.sounds[0], made.sounds[1])
    again = noise(kind, 2, 3, _voices(), CLEAN, seed=1)
    np.testing.assert_array_equal(made.sounds[2], again.sounds[2])
    assert set(made.identity) == {""}


def test_the_colours_fall_with_frequency() -> None:
    """Against white noise, power falls by 3 dB an octave in pink and by 6 in brown."""
    levels = {}
    for kind in ("white", "pink", "brown"):
        (log_mel,) = noise(kind, 10, 1, _voices(), CLEAN).sounds
        levels[kind] = 10 * np.log10(np.exp(log_mel.astype(float)).mean(axis=0))
    # Bands 20 and 50 of 64 lie about 2.4 octaves apart.
    settings = CLEAN.log_mel
    mel = np.linspace(
        *(2595 * np.log10(1 + f / 700) for f in (settings.low_hz, settings.high_hz)), 66
    )
    hz = 700 * (10 ** (mel[1:-1] / 2595) - 1)
    octaves = np.log2(hz[50] / hz[20])
    for kind, slope in (("pink", -3.01), ("brown", -6.02)):
        fallen = levels[kind] - levels["white"]
        assert fallen[50] - fallen[20] == pytest.approx(slope * octaves, abs=1.0)


def test_babble_is_the_power_of_several() -> None:
    quiet = _voices()
    one = Recordings(quiet.clip[:1], quiet.identity[:1], [np.zeros((500, 64), np.float32)], {})
    (alone,) = noise("babble", 2, 1, one, CLEAN).sounds
    np.testing.assert_allclose(alone, 0, atol=1e-6)
    voices = _voices()
    four = Recordings(voices.clip, voices.identity, [np.zeros((500, 64), np.float32)] * 8, {})
    (together,) = noise("babble", 2, 1, four, CLEAN).sounds
    np.testing.assert_allclose(together, np.log(4), atol=1e-6)
