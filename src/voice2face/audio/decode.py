"""Decoding of files with FFmpeg, and what is done about damaged ones."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, NoReturn

from voice2face.audio.resample import Block, check_frame, to_clip_format
from voice2face.errors import AudioError

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet
    from av.container import InputContainer

# A recording that lost more than this is refused: what is left no longer is what was recorded.
MOST_LOST_SHARE = 0.1
MOST_LOST_S = 0.25
# Containers whose header counts the samples exactly, as measured by cutting files of each in half.
# (Ogg counts in its last page, so only what is lost before that shows.) MP3 and ADTS estimate.
EXACT_FORMATS = {"wav", "flac", "ogg", "aiff", "au", "tta", "wv", "mov,mp4,m4a,3gp,3g2,mj2"}
# FFmpeg would read up to 5 MB of PCM in search of a codec in disguise (3 ms for 8 s of sound), and
# cut it into packets of 4 KiB, whose handling takes longer than their content.
PCM_WAV_OPTIONS = {"probesize": "4096", "max_size": "16384"}
# To find out what a file is, FFmpeg would decode its pictures too (covers, video): one of 12,000
# pixels square takes 400 MB, from a file of 0.4 MB, and there may be many. None is needed here.
NO_PICTURES = {"max_pixels": "1"}
WAV_PCM_TAGS = {1, 3, 0xFFFE}  # integer, float, extensible
MOST_CHUNKS = 1000  # of a WAV file before its samples; recorders write a dozen
UNKNOWN_BYTES = 0x7F00_0000  # programs that write to a pipe declare a length of 2 or 4 GiB


class _Wav(NamedTuple):
    """What the header of a WAV file promises, and what is there."""

    is_pcm: bool
    bytes_per_s: int
    declared_bytes: int
    present_bytes: int


@dataclass
class _Tally:
    """What became of the packets of a file so far."""

    seconds: float = 0.0
    n_packets: int = 0
    n_lost: int = 0
    broken: bool = False


def decode_file(file: BinaryIO, name: str) -> Iterator[Block]:
    """Decode the first audio stream of a file, block by block.

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
        wav = _inspect(file, name)
        # A playlist must not make us open other files or hosts.
        options = {"protocol_whitelist": "none"}
        if wav and wav.is_pcm:
            options |= PCM_WAV_OPTIONS
        with av.open(
            file, "r", container_options=options, options=NO_PICTURES, **_tags_in_any_encoding()
        ) as container:
            yield from to_clip_format(_frames(container, name))
    # What PyAV raises, its own errors apart: a file object that fails (OSError, ValueError) or
    # gives text (TypeError), a codec without decoder (LookupError, RuntimeError).
    except (av.FFmpegError, OSError, ValueError, TypeError, LookupError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise AudioError(
            name, f"not decodable ({reason})", "an audio or video file", "convert it to WAV"
        ) from error


def _tags_in_any_encoding() -> dict[str, Any]:
    """How PyAV is told not to fail at tags that are not UTF-8; since 19 it never does."""
    import av

    return {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}


def _inspect(file: BinaryIO, name: str) -> _Wav | None:
    """Rewind a file that can seek, and refuse it if it is empty or a WAV cut short."""
    seekable = getattr(file, "seekable", None)
    if seekable is None or not seekable():
        return None
    n_bytes = file.seek(0, 2)
    file.seek(0)
    if n_bytes == 0:
        raise AudioError(name, "an empty file", "an audio or video file", "record it again")
    wav = _read_wav_header(file, n_bytes, name)
    file.seek(0)
    if wav and wav.declared_bytes < UNKNOWN_BYTES:
        _check_length(
            wav.present_bytes / wav.bytes_per_s, wav.declared_bytes / wav.bytes_per_s, name
        )
    return wav


def _read_wav_header(file: BinaryIO, n_bytes: int, name: str) -> _Wav | None:
    """Walk the chunks of a WAV file; FFmpeg corrects the declared length in silence."""
    riff = file.read(12)
    if len(riff) < 12 or riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
        return None
    is_pcm, bytes_per_s, n_chunks = False, 0, 0
    while len(head := file.read(8)) == 8:
        n_chunks += 1
        if n_chunks > MOST_CHUNKS:
            raise AudioError(
                name, f"more than {MOST_CHUNKS} chunks before its sound", "an audio file",
                "convert it to WAV",
            )  # fmt: skip
        (size,) = struct.unpack("<I", head[4:])
        start = file.tell()
        if head[:4] == b"data":
            return _Wav(is_pcm, bytes_per_s, size, n_bytes - start) if bytes_per_s else None
        if head[:4] == b"fmt " and len(body := file.read(min(size, 16))) == 16:
            tag, _, _, bytes_per_s = struct.unpack("<HHII", body[:12])
            is_pcm = tag in WAV_PCM_TAGS
        file.seek(start + size + size % 2)
    return None


def _frames(container: InputContainer, name: str) -> Iterator[AudioFrame]:
    """Decoded frames of the first audio stream; complains at the end if too much is missing."""
    stream = _first_audio(container, name)
    is_pcm = stream.codec_context.name.startswith("pcm_")
    tally = _Tally()
    for packet in _packets(container, stream, tally):
        for frame in _decoded(packet, tally):
            if frame.samples == 0:
                continue
            check_frame(frame, name, check_scale=is_pcm)
            tally.seconds += frame.samples / frame.sample_rate
            yield frame
    _check_complete(tally, _declared_s(container, stream), name)


def _packets(
    container: InputContainer, stream: AudioStream, tally: _Tally
) -> Iterator[Packet[AudioStream]]:
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError:  # the container itself is damaged here: nothing follows
            tally.broken = True
            return
        tally.n_packets += 1
        yield packet


def _decoded(packet: Packet[AudioStream], tally: _Tally) -> list[AudioFrame]:
    import av

    try:
        return packet.decode()
    except av.FFmpegError:
        tally.n_lost += 1
        return []


def _check_complete(tally: _Tally, declared_s: float | None, name: str) -> None:
    if tally.seconds == 0:
        raise AudioError(
            name, "no sound that could be decoded", "an audio or video file", "convert it to WAV"
        )
    if declared_s is not None:
        _check_length(tally.seconds, declared_s, name)
    elif tally.broken:
        _refuse_damaged(name, f"damaged after {tally.seconds:.1f} s")
    # One bad packet is common at a cut; it is skipped, as players do.
    if tally.n_lost > 1 + MOST_LOST_SHARE * tally.n_packets:
        _refuse_damaged(name, f"{tally.n_lost} of {tally.n_packets} packets damaged")


def _first_audio(container: InputContainer, name: str) -> AudioStream:
    if not container.streams.audio:
        raise AudioError(name, "no sound in it", "an audio stream", "name a recording with sound")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise AudioError(name, "sound of an unknown codec", "a known one", "convert it to WAV")
    return stream


def _declared_s(container: InputContainer, stream: AudioStream) -> float | None:
    """Length that the header promises, where its kind can be trusted."""
    if stream.time_base is None:
        return None
    if container.format.name in EXACT_FORMATS and stream.duration:
        declared_s = float(stream.duration * stream.time_base)
        n_bytes = declared_s * (stream.codec_context.bit_rate or 0) / 8
        return declared_s if n_bytes < UNKNOWN_BYTES else None
    if "matroska" in container.format.name:  # the stream's end, as most writers tag it
        clock = re.fullmatch(r"(\d+):(\d\d):(\d\d\.\d+)", stream.metadata.get("DURATION", ""))
        if clock:
            hours, minutes, seconds = clock.groups()
            end_s = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
            return end_s - float((stream.start_time or 0) * stream.time_base)
    return None


def _check_length(found_s: float, declared_s: float, name: str) -> None:
    missing_s = declared_s - found_s
    if missing_s > MOST_LOST_S and missing_s > MOST_LOST_SHARE * declared_s:
        _refuse_damaged(name, f"breaks off after {found_s:.1f} of {declared_s:.1f} s")


def _refuse_damaged(name: str, found: str) -> NoReturn:
    raise AudioError(name, found, "a whole recording", "copy or download it again")
