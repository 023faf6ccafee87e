"""With the real audio front end."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from voice2face.audio import extract, load_clip
from voice2face.audio.settings import FRONT_ENDS
from voice2face.corpus import Corpus

from .corpus_samples import prepare, write_speech, write_wav


def test_voices_are_stored_sample_by_sample(tmp_path: Path, table: Callable[..., Path]) -> None:
    names = [f"{i}.wav" for i in range(9)]
    for i, name in enumerate(names):
        write_speech(tmp_path / name, seconds=1.5 + i / 10, hz=100 + 10 * i)
    write_wav(tmp_path / "silent.wav", seconds=0.2)
    rows = [(f"p{i // 2}", name) for i, name in enumerate([*names, "silent.wav"])]
    source = table(("identity", "voice"), rows)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, workers in zip(folders, (1, 2), strict=True):
        info = prepare([source], folder, preset="released", workers=workers, max_skipped=0.1).info
        assert info.skipped == {"too little speech": 1}
    contents = [{p.name: p.read_bytes() for p in folder.iterdir()} for folder in folders]
    assert contents[0] == contents[1]

    voices = Corpus.open(folders[1]).voices()
    assert len(voices) == 9
    for clip, speech, seconds, speech_s in zip(
        voices.clip, voices.speech, voices.seconds, voices.speech_s, strict=True
    ):
        features = extract(tmp_path / f"{clip}.wav", FRONT_ENDS["released"])
        np.testing.assert_array_equal(speech.samples, load_clip(tmp_path / f"{clip}.wav"))
        assert (seconds, speech_s) == (features.seconds, features.speech_s)
