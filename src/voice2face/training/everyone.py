"""All voices and faces to train on, with a partner or without, and what the sources say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Texts, UInt8s
from voice2face.corpus import Corpus
from voice2face.corpus.held_out import held_out_clips
from voice2face.training.data.frames import CorpusFrames, HeardVoices
from voice2face.voice_encoders.protocol import FrameEncoder

Attributes = Mapping[str, npt.NDArray[np.object_]]


@dataclass(frozen=True, eq=False)
class Everyone:
    """Voices and faces; a person may have either alone.

    Attributes:
        embeddings: Embeddings of the recordings by the frozen voice encoder, (recordings, dim).
        speakers: Who speaks in each, (recordings,).
        said: Columns of the sources by name, strings or None, each (recordings,).
        pixels: RGB, uint8, (faces, px, px, 3).
        shapes: Shapes of normalised faces, as ``corpus.arrays.Faces.shapes``; None for others.
        seen: Who is seen in each, (faces,).
        shown: Columns of the sources by name, strings or None, each (faces,).
    """

    embeddings: Float32s
    speakers: Texts
    said: Attributes
    pixels: UInt8s
    shapes: Float32s | None
    seen: Texts
    shown: Attributes


def read_everyone(
    corpus: Corpus,
    frames: CorpusFrames,
    encoder: FrameEncoder,
    set_aside: float = 0.0,
) -> Everyone:
    """Read all of the ``train`` split; all of it is in memory.

    Args:
        corpus: The corpus.
        frames: Its recordings, as the encoder hears them.
        encoder: The frozen voice encoder.
        set_aside: Share of the recordings that is left out, see ``corpus.held_out``.

    Raises:
        CorpusError: A shard is missing or damaged.
    """
    hidden = held_out_clips(corpus, "train", set_aside)
    vectors: list[Float32s] = []
    heard: list[HeardVoices] = []
    for shard in frames.shards("train"):
        voices = shard.only(np.array([clip not in hidden for clip in shard.clip], bool))
        vectors += [encoder.pooled(one.astype(np.float32)) for one in voices.frames]
        heard.append(replace(voices, frames=[]))  # and let go of them
    voices = HeardVoices.joined(heard, corpus.info.attributes.get("voice", ()))
    faces = corpus.faces("train")
    return Everyone(
        np.array(vectors, np.float32).reshape(len(vectors), encoder.dim),
        voices.identity,
        voices.attributes,
        faces.pixels,
        faces.shapes,
        faces.identity,
        faces.attributes,
    )
