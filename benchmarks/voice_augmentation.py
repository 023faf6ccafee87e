"""What a changed version of a recording costs the speaker stage, on one core.

Of real recordings: each change by itself; a version as the stage computes it once (decoded,
changed, heard by the front end); and a crop of a version that a step reads. Processor time, which
other programs on the machine disturb least; target: a crop in 1 ms, no more than a batch waits for.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.harness import Figure, Result, figure
from benchmarks.inputs import Inputs
from benchmarks.made_corpus import Made, write_corpus
from benchmarks.prepare_runs import real
from voice2face.audio import load_clip
from voice2face.audio.coding import decode_sound, encode_sound
from voice2face.audio.noise import Sound
from voice2face.audio.settings import FRONT_ENDS
from voice2face.audio.speech import Speech
from voice2face.corpus import Corpus
from voice2face.settings import VoiceAugmentation
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.speaker.versions import ChangedVoices
from voice2face.training.speaker.voice_changes import ChangedFrames, VoiceChanges, codecs_here
from voice2face.voice_encoders.log_mel_frames import LogMelFrames

N_CLIPS, N_PASSES = 40, 5
WAYS: tuple[VoiceAugmentation, ...] = ("noise", "reverberation", "speed", "codec")
BATCH, N_FRAMES = 128, 550
MOST_CROP_MS = 1.0  # 64 of them in a step of 0.7 s


def measure(inputs: Inputs) -> Result:
    paths = sorted(real("pairs", "voxceleb", "voice").glob("*.flac"))[:N_CLIPS]
    sounds = [load_clip(path) for path in paths]
    seconds = sum(map(len, sounds)) / 16_000
    about = {"recordings": len(sounds), "seconds in the mean": round(seconds / len(sounds), 1)}
    figures = (*_versions(sounds, seconds), _crops(inputs.folder))
    return Result("voice2face train voice --augment …", figures, about)


def _versions(sounds: Sequence[Sound], seconds: float) -> Iterator[Figure]:
    encoder, codecs = LogMelFrames(FRONT_ENDS["clean"]), codecs_here()
    for way in WAYS:
        changes = VoiceChanges((way,), sounds[:20], codecs=codecs)
        took = _passes(lambda n, c=changes: [c.changed(Speech(s), n) for s in sounds])
        yield figure(f"{way}: ms a recording", [1000 * s / len(sounds) for s in took])
    whole = ChangedFrames(encoder, VoiceChanges(WAYS, sounds[:20], codecs=codecs), 0)
    coded = [(encode_sound(sound), len(sound)) for sound in sounds]

    def version(number: int) -> None:
        for data, n_samples in coded:
            whole.frames(Speech(decode_sound(data, n_samples, "")))

    took = _passes(version)
    yield figure("a version: ms a recording", [1000 * s / len(sounds) for s in took])
    yield figure("a version: times real time", [seconds / s for s in took])


def _crops(folder: Path) -> Figure:
    """Crops are read from files; that they hold spectrograms of noise makes no difference."""
    names = tuple(f"p{i}" for i in range(400))
    corpus = Corpus.open(write_corpus(folder / "changed", Made(names, names[:1], (400, 1240))))
    frames = CorpusFrames(corpus, folder=folder / "frames")
    clips = frames.voices("train").clip.tolist()
    changed = ChangedVoices([frames], clips, "")
    rng = torch.Generator().manual_seed(0)
    crops = torch.zeros(BATCH, 64, N_FRAMES)

    def step(number: int) -> None:
        chosen = torch.randint(len(clips), (BATCH,), generator=rng)
        where = torch.rand(BATCH, generator=rng)
        changed.put(crops, chosen, torch.zeros(BATCH, dtype=torch.long), where)

    took = _passes(step)
    return figure("a crop: ms", [1000 * s / BATCH for s in took], at_most=MOST_CROP_MS)


def _passes(work: Callable[[int], object]) -> list[float]:
    """Processor time of each pass in seconds, after one that is not counted."""
    found = []
    for number in range(N_PASSES + 1):
        started = time.process_time()
        work(number)
        found.append(time.process_time() - started)
    return np.array(found[1:]).tolist()
