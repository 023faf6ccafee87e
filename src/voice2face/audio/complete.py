"""What can be decoded of a recording, and whether that is all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from voice2face.audio.joined import UNKNOWN_BYTES, WavHeader
from voice2face.errors import AudioError

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet
    from av.container import InputContainer

# A recording that lost more than this is refused: what is left no longer is what was recorded.
MOST_LOST_SHARE = 0.1
MOST_LOST_S = 0.25
# Containers whose header counts the samples exactly, as measured by cutting files of each in half.
# (Ogg counts in its last page, so only what is lost before that shows.) MP3 and ADTS estimate.
WITHOUT_GAPS = {"wav", "flac", "aiff", "au", "tta", "wv"}
EXACT_FORMATS = WITHOUT_GAPS | {"ogg", "mov,mp4,m4a,3gp,3g2,mj2"}


@dataclass
class Tally:
    """Counts of the packets of a file so far.

    Attributes:
        seconds: Length of what was decoded.
        start: Time of the first packet, in ticks; None: packets have no times.
        end: Time after the last packet, in ticks.
        n_packets: How many came.
        n_lost: How many of them could not be decoded.
        broken: The container itself was damaged, and nothing followed.
    """

    seconds: float = 0.0
    start: int | None = None
    end: int | None = None
    n_packets: int = 0
    n_lost: int = 0
    broken: bool = False

    def add(self, packet: Packet[AudioStream]) -> None:
        """Count a packet."""
        self.n_packets += 1
        if packet.pts is not None and packet.size:
            after = packet.pts + (packet.duration or 0)
            self.start = packet.pts if self.start is None else min(self.start, packet.pts)
            self.end = after if self.end is None else max(self.end, after)

    def reached_s(self, stream: AudioStream) -> float:
        """Seconds from the first to the last packet; in a pause some programs send none."""
        if self.start is None or self.end is None or stream.time_base is None:
            return self.seconds
        return max(self.seconds, float((self.end - self.start) * stream.time_base))


def frames_of(container: InputContainer, stream: AudioStream, tally: Tally) -> Iterator[AudioFrame]:
    """Frames of a stream that can be decoded; all packets are counted, and those that can't be."""
    import av

    try:
        for packet in container.demux(stream):
            tally.add(packet)
            try:
                frames = packet.decode()
            except av.FFmpegError:
                tally.n_lost += 1
                continue
            yield from (frame for frame in frames if frame.samples)
    except av.FFmpegError:  # the container itself is damaged here: nothing follows
        tally.broken = True


def check_wav(header: WavHeader, name: str) -> None:
    """Refuse a WAV file that was cut short; FFmpeg corrects the declared length in silence.

    Raises:
        AudioError: Much of it is missing.
    """
    if header.declared_bytes < UNKNOWN_BYTES:
        rate = header.bytes_per_s
        _check_length(header.present_bytes / rate, header.declared_bytes / rate, name)


def check_complete(tally: Tally, container: InputContainer, stream: AudioStream, name: str) -> None:
    """Refuse a recording of which much was damaged or is missing.

    Raises:
        AudioError: With how much of it was there.
    """
    if tally.seconds == 0:
        raise AudioError(
            name, "no sound that could be decoded", "an audio or video file", "convert it to WAV"
        )
    declared_s = _declared_s(container, stream)
    if declared_s is not None:
        gapless = container.format.name in WITHOUT_GAPS
        found_s = tally.seconds if gapless else tally.reached_s(stream)
        _check_length(found_s, declared_s, name)
    elif tally.broken:
        _refuse_damaged(name, f"damaged after {tally.seconds:.1f} s")
    # One bad packet is common at a cut; it is skipped, as players do.
    if tally.n_lost > 1 + MOST_LOST_SHARE * tally.n_packets:
        _refuse_damaged(name, f"{tally.n_lost} of {tally.n_packets} packets damaged")


def _declared_s(container: InputContainer, stream: AudioStream) -> float | None:
    """Length that the header promises, where its kind can be trusted."""
    if stream.time_base is None:
        return None
    if container.format.name in EXACT_FORMATS and stream.duration:
        declared_s = float(stream.duration * stream.time_base)
        if container.format.name == "ogg":  # what was cut out of a broadcast begins late
            declared_s -= max(0.0, float((stream.start_time or 0) * stream.time_base))
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
