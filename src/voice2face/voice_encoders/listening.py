"""What read-offs add to a recording that was heard: gender, age, who speaks, is it a voice."""

from dataclasses import replace
from typing import Literal

from voice2face.errors import AudioError
from voice2face.voice_encoders.heard import ReadOffs, check_voice
from voice2face.voice_encoders.protocol import FrameEncoder, Listened
from voice2face.voice_encoders.speakers import speakers_of

Speaker = Literal["all", "longest"]
ALL: Speaker = "all"
LONGEST: Speaker = "longest"


def interpret(
    encoder: FrameEncoder,
    listened: Listened,
    read_offs: ReadOffs,
    name: str,
    *,
    speaker: Speaker = ALL,
) -> Listened:
    """Read off the windows of a recording what they tell.

    Args:
        encoder: Encoder that gave the windows.
        listened: What it heard, with its windows.
        read_offs: Taught on windows of the same encoder.
        name: What messages call the recording.
        speaker: "all" takes everything that is spoken, "longest" the windows of whoever speaks
            longest.

    Returns:
        The same with ``heard`` and ``speakers``; with ``longest``, of their windows alone.

    Raises:
        AudioError: It is music, an alarm or noise, no voice.
    """
    windows = listened.frames
    if windows is None:
        raise AudioError(name, "no windows", "an encoder that gives them", "use another model")
    check_voice(read_offs.read(windows.mean(axis=0)), read_offs, name)
    speakers = speakers_of(windows, encoder.frames_per_s)
    if speaker == LONGEST and speakers.n > 1:
        windows = windows[speakers.longest]
        listened = replace(listened, embedding=encoder.pooled(windows), frames=windows)
    return replace(listened, heard=read_offs.read(windows.mean(axis=0)), speakers=speakers)
