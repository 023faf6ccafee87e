"""What a server takes, and how long it waits: all its limits in one place."""

import os
from dataclasses import dataclass, field

MEGABYTE = 1_000_000


def _cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Limits:
    """Bounds of one server; the first five are options of ``voice2face serve``.

    Attributes:
        recording_bytes: Largest recording, as a file.
        recording_s: Longest recording, decoded.
        threads: Faces made at once.
        queue: Recordings that wait for a thread.
        wait_s: Longest that one waits there.
        held_bytes: Memory for all recordings together, as far as they have arrived.
        small_bytes: Size up to which a recording counts as small.
        small_share: Share of ``held_bytes`` that is kept for small recordings.
        upload_grace_s: Longest pause of a sender, and after which it must have sent
            ``upload_bytes_per_s``; what comes faster earns no longer pause.
        upload_bytes_per_s: Slowest sending.
        upload_s: Longest sending, however steady.
        decode_s: Longest decoding of one recording.
        decode_cpu_s: Most processor time for one recording: many times what five minutes of sound
            take with any codec.
        connections: Connections at once, idle ones included.
        head_s: Longest that a connection waits for a request, or sends the head of one.
        keep_alive_s: Idle time after an answer.
        answer_s: Longest that a client may leave an answer unread.
        closing_s: Longest that faces being made are waited for at the end.
    """

    recording_bytes: int = 32 * MEGABYTE
    recording_s: float = 300.0
    threads: int = field(default_factory=_cores)
    queue: int = 200
    wait_s: float = 60.0
    held_bytes: int = 256 * MEGABYTE
    small_bytes: int = 2 * MEGABYTE
    small_share: float = 0.25
    upload_grace_s: float = 10.0
    upload_bytes_per_s: int = 16_000
    upload_s: float = 120.0
    decode_s: float = 20.0
    decode_cpu_s: float = 5.0
    connections: int = 500
    head_s: float = 10.0
    keep_alive_s: int = 5
    answer_s: float = 30.0
    closing_s: float = 20.0
