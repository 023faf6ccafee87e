"""Decoding of files with FFmpeg, and what is done about damaged ones."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from voice2face.audio.cancelling import not_cancelling
from voice2face.audio.complete import Tally, check_complete, check_wav, frames_of
from voice2face.audio.joined import Span, spans_of
from voice2face.audio.resample import Block, check_frame, to_clip_format
from voice2face.audio.tracks import chosen_track, tracks_of
from voice2face.errors import AudioError, reason_of

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

# FFmpeg would read up to 5 MB of PCM in search of a codec in disguise (3 ms for 8 s of sound), and
# cut it into packets of 4 KiB, whose handling takes longer than their content.
PCM_WAV_OPTIONS = {"probesize": "4096", "max_size": "16384"}
# To find out what a file is, FFmpeg would decode its pictures too (covers, video): one of 12,000
# pixels square takes 400 MB, from a file of 0.4 MB, and there may be many. None is needed here.
NO_PICTURES = {"max_pixels": "1"}
PIPED_IN_MEMORY_BYTES, MOST_PIPED_BYTES = 64 << 20, 4 << 30


class Part(io.RawIOBase):
    """A part of a file that can seek, as a file."""

    def __init__(self, file: BinaryIO, span: Span) -> None:
        self._file, self._span, self._at = file, span, 0

    def readable(self) -> bool:
        """As a file has it."""
        return True

    def seekable(self) -> bool:
        """As a file has it."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As a file has it."""
        size = self._span.end - self._span.start
        self._at = max(0, offset + (0, self._at, size)[whence])
        return self._at

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        """As a file has it."""
        self._file.seek(self._span.start + self._at)
        left = max(0, self._span.end - self._span.start - self._at)
        data = self._file.read(min(len(buffer), left))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def decode_file(file: BinaryIO, name: str) -> Iterator[Block]:
    """Decode the sound of a file, block by block.

    Of several tracks one is taken, see :func:`voice2face.audio.tracks.chosen_track`. A file that
    is several recordings one after another is read to its end. One that can't seek is copied to a
    temporary file first: not all that a pipe may bring can be read forwards alone.

    Args:
        file: Opened for reading in binary; read from its beginning where it can seek.
        name: What messages call it.

    Yields:
        Mono at 16 kHz, as :func:`to_clip_format` has it.

    Raises:
        AudioError: The file is empty, no sound, damaged, or breaks off.
    """
    import av

    try:
        with _rewindable(file, name) as whole:
            n_bytes = whole.seek(0, io.SEEK_END)
            if n_bytes == 0:
                found = "an empty file"
                raise AudioError(name, found, "an audio or video file", "record it again")
            frames = _all_frames(whole, spans_of(whole, n_bytes, name), name)
            yield from to_clip_format(not_cancelling(frames, name))
    # What PyAV raises, its own errors apart: a file object that fails (OSError, ValueError) or
    # gives text (TypeError), a codec without decoder (LookupError, RuntimeError).
    except (av.FFmpegError, OSError, ValueError, TypeError, LookupError, RuntimeError) as error:
        found = f"not decodable ({reason_of(error)})"
        raise AudioError(name, found, "an audio or video file", "convert it to WAV") from error


@contextlib.contextmanager
def _rewindable(file: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """The file itself if it can seek, else a temporary copy of it."""
    seekable = getattr(file, "seekable", None)
    if seekable is not None and seekable():
        yield file
        return
    with tempfile.SpooledTemporaryFile(PIPED_IN_MEMORY_BYTES) as copy:
        n_bytes = 0
        while block := file.read(1 << 16):
            n_bytes += len(block)
            if n_bytes > MOST_PIPED_BYTES:
                found = f"more than {MOST_PIPED_BYTES >> 30} GB through a pipe"
                raise AudioError(name, found, "a shorter recording", "save it as a file")
            copy.write(block)
        yield cast(BinaryIO, copy)


def _all_frames(file: BinaryIO, spans: Sequence[Span], name: str) -> Iterator[AudioFrame]:
    """Frames of all recordings in a file, one after another."""
    for span in spans:
        if span.wav and not span.longer:
            check_wav(span.wav, name)
        part = file if len(spans) == 1 else cast(BinaryIO, Part(file, span))
        open_part = partial(_opened, part, span)
        with open_part() as container:
            tracks = tracks_of(container, name)
            n_tracks = len(container.streams.audio)
            if n_tracks == 1:
                yield from _frames(container, container.streams.audio[0], name)
                continue
        track = chosen_track(tracks, n_tracks, open_part, name)
        with open_part() as container:
            yield from _frames(container, container.streams.audio[track], name)


@contextlib.contextmanager
def _opened(file: BinaryIO, span: Span) -> Iterator[InputContainer]:
    """A file, opened by FFmpeg at its beginning."""
    import av

    # A playlist must not make us open other files or hosts.
    options = {"protocol_whitelist": "none"}
    if span.wav and span.wav.is_pcm:
        options |= PCM_WAV_OPTIONS
    if span.longer:
        options |= {"ignore_length": "1"}
    file.seek(0)
    with av.open(
        file, "r", container_options=options, options=NO_PICTURES, **_tags_in_any_encoding()
    ) as container:
        yield container


def _tags_in_any_encoding() -> dict[str, Any]:
    """Options that keep PyAV from failing at tags that are not UTF-8; since 19 it needs none."""
    import av

    return {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}


def _frames(container: InputContainer, stream: AudioStream, name: str) -> Iterator[AudioFrame]:
    """Decoded frames of a stream; complains at the end if too much is missing."""
    is_pcm = stream.codec_context.name.startswith("pcm_")
    tally = Tally()
    for frame in frames_of(container, stream, tally):
        check_frame(frame, name, check_scale=is_pcm)
        tally.seconds += frame.samples / frame.sample_rate
        yield frame
    check_complete(tally, container, stream, name)
