"""From a talking-head video, as cameras and sites write them, to a few upright pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from voice2face.arrays import Picture
from voice2face.errors import reason_of
from voice2face.faces.pictures import MAX_PIXELS, PictureError
from voice2face.faces.upright import stretch_of, upright

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer

SEEK_S = 2.0  # to a nearer moment it costs less to decode than to seek
# Containers of video, and of sound (where the message is that there are no pictures). Others are
# not even tried: FFmpeg would make "frames" from a text file.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegtsraw,mpegvideo,flv,live_flv,asf,ogg,"
    "rm,mxf,dv,nut,wtv,h264,hevc,m4v,mjpeg,ivf,obu,wav,flac,mp3,aac,aiff,au,caf,amr,w64"
)
STILLS = {"mjpeg", "png", "bmp", "gif", "webp", "tiff"}  # codecs of cover art


def sample_frames(path: Path, n: int, track: int = 0) -> Iterator[tuple[float, Picture]]:
    """Take ``n`` frames in the middle of as many equal parts of a video, or what there is of them.

    Frames come upright (the turn and mirror that a phone noted are applied), with square pixels,
    at most ``MAX_SIDE`` pixels a side; of interlaced ones every second line. In a long clip a
    frame may be off the middle by up to half a part, to save decoding. Damaged frames are left
    out; of a file that breaks off, the part that is there counts as the whole.

    Args:
        path: A video file.
        n: How many are wanted.
        track: Number of the video track; 0 is the one that is marked as the default.

    Yields:
        Time in s from the first frame, ascending; RGB, uint8, shape (height, width, 3).

    Raises:
        PictureError: No video, one without pictures, one whose pictures are all damaged, or one of
            more than ``MAX_PIXELS`` pixels.
        OSError: The file can't be opened.
    """
    import av

    if not path.is_file():  # a named pipe would wait for ever
        raise PictureError("not a video", "no regular file")
    n_frames = 0
    with path.open("rb") as file:
        try:
            for found in _sampled(file, n, track):
                yield found
                n_frames += 1
        # As for recordings: what PyAV raises at damaged files, its own errors apart.
        except (av.FFmpegError, OSError, ValueError, TypeError, LookupError, RuntimeError) as error:
            if n_frames == 0:
                raise PictureError("damaged video", reason_of(error)) from error
    if n_frames == 0:
        detail = f"no frame of at most {MAX_PIXELS} pixels could be decoded"
        raise PictureError("damaged video", detail)


def n_tracks(path: Path) -> int:
    """How many video tracks a file has; 0 if it can't be read."""
    try:
        with path.open("rb") as file, _opened(file) as container:
            return len(_video_tracks(container))
    except (OSError, PictureError):
        return 0


def _sampled(file: BinaryIO, n: int, track: int) -> Iterator[tuple[float, Picture]]:
    start_s, end_s = _span(file, track)
    times = [start_s + (end_s - start_s) * (i + 0.5) / n for i in range(n)]
    with _opened(file) as container:
        stream = _pictures(container, track)
        stretch = stretch_of(stream)
        for time_s, frame in _frames_at(container, stream, times, start_s):
            yield time_s - start_s, upright(frame, stretch)


def _opened(file: BinaryIO) -> InputContainer:
    import av

    file.seek(0)
    options: dict[str, Any] = {
        # A playlist must not make us open other files or hosts.
        "container_options": {"protocol_whitelist": "none", "format_whitelist": FORMATS}
    }
    version = int(av.__version__.split(".")[0])
    if version < 19:  # since then, tags that are not UTF-8 never fail
        options["metadata_errors"] = "replace"
    if version >= 18:  # PyAV 13 crashes at it in MPEG, whose streams come late
        options["options"] = {"max_pixels": str(MAX_PIXELS)}  # already while it is inspected
    try:
        container: InputContainer = av.open(file, "r", **options)
        return container
    except (av.FFmpegError, OSError, ValueError, TypeError, LookupError, RuntimeError) as error:
        raise PictureError("not a video", reason_of(error)) from error


def _pictures(container: InputContainer, track: int) -> VideoStream:
    """A video stream of a container."""
    found = _video_tracks(container)
    if track < len(found):
        return _prepared(found[track])
    raise PictureError(
        "no pictures in the video",
        "sound alone" if container.streams.audio else "no video stream of a known codec",
    )


def _video_tracks(container: InputContainer) -> list[VideoStream]:
    """Video streams of a known codec, those first that are the default; cover art isn't one."""
    found = [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None and not _is_cover(stream)
    ]
    return sorted(found, key=lambda stream: not int(getattr(stream, "disposition", 0)) & 1)


def _is_cover(stream: VideoStream) -> bool:
    if hasattr(stream, "disposition"):
        return bool(int(stream.disposition) & 0x400)  # AV_DISPOSITION_ATTACHED_PIC
    return stream.codec_context.name in STILLS and not stream.average_rate  # PyAV 13


def _prepared(stream: VideoStream) -> VideoStream:
    context = stream.codec_context
    if context.width * context.height > MAX_PIXELS:
        raise PictureError(
            "picture too large",
            f"{context.width}×{context.height} pixels; at most {MAX_PIXELS} wanted",
        )
    context.thread_type = "NONE"  # the processes are what runs at once
    context.thread_count = 1
    context.options = {"max_pixels": str(MAX_PIXELS)}
    return stream


def _span(file: BinaryIO, track: int) -> tuple[float, float]:
    """Times of the first and after the last frame that the file has, whatever its header says."""
    with _opened(file) as container:
        stream = _pictures(container, track)
        start_s = _seconds(stream.start_time, stream) or 0.0
        length_s = _seconds(stream.duration, stream) or (container.duration or 0) / 1e6
        end_s = None
        if length_s > 0 and _seek(container, stream, start_s + length_s):
            end_s = _end(container, stream)
    if end_s is None:
        with _opened(file) as container:  # from the beginning to the end, without decoding
            end_s = _end(container, _pictures(container, track))
    return start_s, max(end_s or start_s, start_s)


def _end(container: InputContainer, stream: VideoStream) -> float | None:
    """Where the last packet from here on ends; None if there is none."""
    end_s, n_packets = None, 0
    for packet in _packets(container, stream):
        n_packets += bool(packet.size)
        if packet.pts is not None:
            at_s = _seconds(packet.pts + (packet.duration or 0), stream)
            end_s = at_s if end_s is None else max(end_s, at_s or 0.0)
    if end_s is None and n_packets:  # a bare stream of pictures has no times, but a rate
        return n_packets / _rate(stream)
    return end_s


def _frames_at(
    container: InputContainer, stream: VideoStream, times: list[float], start_s: float
) -> Iterator[tuple[float, VideoFrame]]:
    """For each time the first frame from then on, or a key frame up to half a part before."""
    half_part_s = times[0] - start_s
    half_frame_s = min(0.5 / _rate(stream), half_part_s) + 1e-6
    frames = _decoded(container, stream, start_s)
    now_s, far_s, i = start_s - half_frame_s, SEEK_S, 0
    while i < len(times):
        sought = times[i] - now_s > far_s and _seek(container, stream, times[i])
        if sought:
            frames = _decoded(container, stream, start_s)
        early_s = half_part_s if sought else half_frame_s
        found = None
        for time_s, frame in frames:
            if time_s <= now_s:  # key frames are rare: seeking so near costs more than it saves
                far_s = max(far_s, 2 * (times[i] - time_s))
            elif time_s >= times[i] - early_s:
                found = time_s, frame
                break
        if found is not None:
            yield found
            now_s, i = found[0], i + 1
            while i < len(times) and times[i] - half_part_s <= now_s:
                i += 1
        elif sought:  # nothing could be decoded there
            i += 1
        else:
            return


def _decoded(
    container: InputContainer, stream: VideoStream, start_s: float
) -> Iterator[tuple[float, VideoFrame]]:
    """Whole frames from here on, with their times; packets that can't be decoded are passed over.

    A frame that has no time comes one step after the one before.
    """
    import av

    time_s = start_s - 1 / _rate(stream)
    for packet in _packets(container, stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            known_s = _seconds(frame.pts, stream)
            time_s = time_s + 1 / _rate(stream) if known_s is None else known_s
            if not frame.is_corrupt:
                yield time_s, frame


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Packets from here on; the last, empty one makes the decoder give what it still holds."""
    import av

    with contextlib.suppress(av.FFmpegError):  # a damaged container: nothing follows
        yield from container.demux(stream)


def _seek(container: InputContainer, stream: VideoStream, time_s: float) -> bool:
    """Go to the last key frame before a time; False if the file can't."""
    import av

    if stream.time_base is None:
        return False
    try:
        container.seek(int(time_s / stream.time_base), stream=stream, backward=True)
    except (av.FFmpegError, OverflowError):
        return False
    return True


def _seconds(ticks: int | None, stream: VideoStream) -> float | None:
    if ticks is None or stream.time_base is None:
        return None
    return float(ticks * stream.time_base)


def _rate(stream: VideoStream) -> float:
    """Frames a second, as good as the header knows it."""
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    return rate if 1 <= rate <= 1000 else 25.0
