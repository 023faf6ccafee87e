"""Whether one person speaks in a recording, or more; told by how the windows' embeddings spread."""

from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Bools, Float32s, Int64s
from voice2face.voice_encoders.windows import unit

# Cosine of the two means into which the windows of a recording fall, below which they are two
# people's. Recordings of one person, 1,497 of them: below in 0.5 %. Of two people, each 2.3 s or
# more: below in 90 to 98 % (`python -m benchmarks hearing`).
LEAST_COSINE = 0.7
LEAST_WINDOWS = 2  # of a speaker: one alone may be a cough, or the moment between two
MOST_ROUNDS = 20


@dataclass(frozen=True, eq=False)
class Speakers:
    """Who speaks in each window of a recording.

    Attributes:
        of_window: Number of the speaker, shape (windows,); 0 has the most windows.
        hop_s: Seconds from one window to the next.
    """

    of_window: Int64s
    hop_s: float

    @property
    def n(self) -> int:
        """Number of people."""
        return int(self.of_window.max(initial=0)) + 1

    @property
    def longest(self) -> Bools:
        """Windows of whoever speaks longest, shape (windows,)."""
        return np.asarray(self.of_window == 0)

    @property
    def seconds(self) -> tuple[float, ...]:
        """About how long each speaks, the longest first."""
        counts = np.bincount(self.of_window, minlength=self.n)
        return tuple(float(count * self.hop_s) for count in counts)

    @property
    def warning(self) -> str | None:
        """One line if there is more than one: ``2 voices (about 6 s and 3 s)``."""
        if self.n == 1:
            return None
        *first, last = (f"{seconds:.0f} s" for seconds in self.seconds)
        return f"{self.n} voices (about {', '.join(first)} and {last})"


def speakers_of(windows: Float32s, frames_per_s: float) -> Speakers:
    """Tell apart the speakers of one recording.

    Args:
        windows: What GE2E gives for its windows (:meth:`Ge2e.frames`), shape (windows, dim).
        frames_per_s: Windows a second.

    Returns:
        One speaker, unless the windows fall into groups that are as far apart as people are. A
        recording of fewer than four windows, about 4 s of speech, is taken for one person's.
    """
    heard = unit(np.maximum(windows, 0))
    groups, done = [np.arange(len(windows))], []
    while groups:
        group = groups.pop()
        parts = _split(heard[group])
        if parts is None:
            done.append(group)
        else:
            groups += [group[parts == 0], group[parts == 1]]
    done.sort(key=lambda group: (-len(group), int(group[0]) if len(group) else 0))
    of_window = np.zeros(len(windows), np.int64)
    for number, group in enumerate(done):
        of_window[group] = number
    return Speakers(of_window, 1 / frames_per_s)


def _split(heard: Float32s) -> Int64s | None:
    """To which of two people each window belongs; None if they are one person's.

    Spherical k-means from the two sides of the main axis (Dhillon and Modha 2001).
    """
    if len(heard) < 2 * LEAST_WINDOWS:
        return None
    centred = heard - heard.mean(axis=0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    part = (centred @ axis > 0).astype(np.int64)
    for _ in range(MOST_ROUNDS):
        if np.bincount(part, minlength=2).min() < LEAST_WINDOWS:
            return None
        means = unit(np.stack([heard[part == side].mean(axis=0) for side in (0, 1)]))
        nearest = (heard @ means.T).argmax(axis=1)
        if (nearest == part).all():
            break
        part = nearest
    return part if float(means[0] @ means[1]) < LEAST_COSINE else None
