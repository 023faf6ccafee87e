"""A corpus that does not fit into memory: batches from its shards, in shuffled order.

``shuffle`` says which order that is. Voices and faces have orders of their own, independent of
each other.
"""

import os
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from voice2face.corpus.schema import arrow
from voice2face.errors import TrainingError
from voice2face.settings import Recipe
from voice2face.training.data.batch import Batch
from voice2face.training.data.frames import CorpusFrames, note
from voice2face.training.data.in_memory import (
    CPU,
    FaceBank,
    VoiceBank,
    as_faces,
    as_features,
    offsets,
)
from voice2face.training.data.memory import room_on
from voice2face.training.data.pairing import Pairing, Rows, check_classes
from voice2face.training.data.prefetch import Ahead
from voice2face.training.data.shuffle import Order, Pool, least_bytes, widest_window
from voice2face.training.data.source import Chances, FaceData, FaceSource, sizes
from voice2face.training.distributed import ALONE, Team

# While a row group is read, its pages and Arrow's column, with room to grow, are held as well.
RAW_COPIES = 3
# While a recording is normalised: in single precision before and after, some of it in double.
WORK_COPIES = 5
# Of the memory, for what allocators keep of what was given back.
SLACK = 0.2


def open_data(
    frames: CorpusFrames,
    pair_by: str,
    *,
    seed: int = 0,
    memory_bytes: int | None = None,
    set_aside: float = 0.0,
    team: Team = ALONE,
) -> FaceSource:
    """Voices and faces for a training: on the device if they fit, else in memory, else streamed.

    Args:
        frames: Where from.
        pair_by: ``identity``, or an attribute that voices and faces have in common.
        seed: Seed of the order in which a streamed corpus comes.
        memory_bytes: What the data may take of the machine's memory; None: see ``memory``. The
            order of a streamed corpus depends on it.
        set_aside: Share of the recordings that is left out, see ``corpus.held_out``.
        team: Processes that train together, all of which call this; batches go to their devices.

    Raises:
        CorpusError: A shard is missing or damaged.
        TrainingError: Nothing has both a voice and a face, one class alone has, or there is too
            little memory.
    """
    place = team.device
    pairing = Pairing.of(frames, pair_by, set_aside)
    check_classes(frames.corpus.path, pairing.labels, pair_by)
    if pairing.left_out:
        note(f"{frames.corpus.path}: {pairing.left_out}")
    if place.type != "cpu" and not team.agree(pairing.n_bytes > room_on(place)):
        return FaceData.read(frames, pairing, place)
    most = _room(team) if memory_bytes is None else memory_bytes
    if pairing.n_bytes <= most:
        return _made_ahead(FaceData.read(frames, pairing).to(place), place)
    readers = 1 if place.type == "cpu" else 4
    stream = FaceStream(frames, pairing, most, seed, place, readers)
    windows = stream.voices.order.window, stream.faces.order.window
    note(
        f"{frames.corpus.path}: {pairing.n_bytes / 1e6:.0f} MB do not fit into "
        f"{most / 1e6:.0f} MB of memory; streamed, "
        f"{windows[0]} of {len(pairing.voices.parts)} row groups of voices and {windows[1]} of "
        f"{len(pairing.faces.parts)} of faces at a time"
    )
    return _made_ahead(stream, place)


def _room(team: Team) -> int:
    """Bytes of the machine's memory that each process may take, the same for all."""
    room = room_on(CPU, int(os.environ.get("LOCAL_WORLD_SIZE", team.world)))
    return int(team.mean(torch.tensor(room, dtype=torch.float64, device=team.device)).item())


def _made_ahead(data: FaceSource, device: torch.device) -> FaceSource:
    """The data with batches drawn ahead by another thread, unless a CPU trains."""
    # There the step itself needs the cores, and cutting a batch is 1 % of it.
    return data if device.type == "cpu" else Ahead(data, device)


class FaceStream:
    """Voices and faces of the people, or groups, that have both, in bounded memory.

    Args:
        frames: Where from.
        pairing: What of it.
        memory_bytes: For row groups, those that are being read included.
        seed: Seed of the order.
        device: Where batches are made.
        readers: Threads that read voices, and as many that read faces.

    Raises:
        TrainingError: Too little memory.
    """

    def __init__(
        self,
        frames: CorpusFrames,
        pairing: Pairing,
        memory_bytes: int,
        seed: int = 0,
        device: torch.device = CPU,
        readers: int = 1,
    ) -> None:
        self.labels, self.device = pairing.labels, device
        pa, _ = arrow()
        # Arrow's own allocator keeps what it was given back: in the end a third more than is held.
        pa.set_memory_pool(pa.system_memory_pool())
        heard, seen = pairing.voices, pairing.faces
        n_ahead = readers + 1
        shares = _shares((heard, seen), memory_bytes, n_ahead, readers, str(frames.corpus.path))
        orders = [
            Order(rows.counts, widest_window(rows.n_bytes, n_ahead, share), (seed % 2**64, number))
            for number, (rows, share) in enumerate(zip((heard, seen), shares, strict=True))
        ]

        def voices_of(group: int) -> VoiceBank:
            return VoiceBank.read(frames, heard.only(group), CPU)

        def faces_of(group: int) -> FaceBank:
            return FaceBank.read(frames.corpus, seen.only(group), CPU)

        self.voices = Pool(orders[0], voices_of, n_ahead, readers)
        self.faces = Pool(orders[1], faces_of, n_ahead, readers)

    @property
    def waited_s(self) -> float:
        """Time that :meth:`draw` has waited for row groups, filling the window included."""
        return self.voices.waited_s + self.faces.waited_s

    def draw(self, recipe: Recipe, rng: torch.Generator, rank: int = 0, world: int = 1) -> Batch:
        """The next batch; see :meth:`FaceData.draw`.

        Crops, mirroring and noise are drawn with ``rng``, as there; which voices and faces come,
        the stream's own position tells.

        Raises:
            CorpusError: A shard is missing or damaged.
        """
        n_frames, n = sizes(recipe, rng, world)
        chances = Chances.draw(recipe, rng, rank, world)
        heard = self.voices.take(n)[chances.part]
        seen = self.faces.take(n)[chances.part]
        crops = self._empty(torch.float16, len(heard), n_frames, heard[0][0].frames.shape[1])
        _cut(heard, chances.where, crops)
        px = seen[0][0].pixels.shape[-1]
        pixels = self._empty(torch.uint8, len(seen), px, px, 3).permute(0, 3, 1, 2)
        for place, (bank, row) in enumerate(seen):
            pixels[place] = bank.pixels[row]
        return Batch(
            voices=as_features(crops, self.device),
            voice_labels=_labels(heard).to(self.device, non_blocking=True),
            faces=as_faces(pixels, chances.mirrored, self.device),
            face_labels=_labels(seen).to(self.device, non_blocking=True),
            noise=chances.noise.to(self.device, non_blocking=True),
        )

    def state(self) -> dict[str, Any]:
        """The position, as a few numbers."""
        return {"voices": self.voices.state(), "faces": self.faces.state()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on exactly, if there is as much memory as before; else with a note."""
        if not state:
            note("the corpus was in memory before and is streamed now: other batches follow")
            return
        same = [self.voices.load(state["voices"]), self.faces.load(state["faces"])]
        if not all(same):
            note("there is less memory than before for the streamed corpus: other batches follow")

    def close(self) -> None:
        """Let go of the memory and end the threads."""
        self.voices.close()
        self.faces.close()

    def _empty(self, dtype: torch.dtype, *sides: int) -> Tensor:
        """Memory for a batch; pinned if it goes to a graphics card, so that nothing waits."""
        return torch.empty(sides, dtype=dtype, pin_memory=self.device.type == "cuda")


def _cut(heard: Sequence[tuple[VoiceBank, int]], where: Tensor, crops: Tensor) -> None:
    """Fill ``crops``, (batch, frames, n_mels), as :meth:`VoiceBank.cut` would."""
    n_frames = crops.shape[1]
    places = torch.tensor([(int(b.starts[row]), int(b.lengths[row])) for b, row in heard])
    first = offsets(places[:, 1], where, n_frames).tolist()
    for crop, (bank, _), (start, length), offset in zip(
        crops, heard, places.tolist(), first, strict=True
    ):
        if offset + n_frames <= length:
            crop.copy_(bank.frames[start + offset : start + offset + n_frames])
        else:
            crop.copy_(bank.frames[start + torch.arange(n_frames) % length])


def _labels(items: Sequence[tuple[VoiceBank, int]] | Sequence[tuple[FaceBank, int]]) -> Tensor:
    return torch.tensor([int(bank.labels[row]) for bank, row in items])


def _shares(
    both: tuple[Rows, Rows], memory_bytes: int, n_ahead: int, readers: int, what: str
) -> list[int]:
    """Bytes for the row groups that voices and faces may hold.

    Each has what it needs at least; the rest is shared out as they are large. What reading takes
    meanwhile is set aside.
    """
    reading = sum(readers * (RAW_COPIES * r.largest + WORK_COPIES * r.longest) for r in both)
    least = [least_bytes(rows.n_bytes, n_ahead) for rows in both]
    spare = int(memory_bytes * (1 - SLACK)) - reading - sum(least)
    if spare < 0:
        raise TrainingError(
            what,
            f"{memory_bytes / 1e6:.1f} MB of memory for it",
            f"at least {(reading + sum(least)) / (1 - SLACK) / 1e6:.1f} MB to stream it",
            "free some, or train where there is more",
        )
    totals = [sum(rows.n_bytes) for rows in both]
    return [low + spare * total // sum(totals) for low, total in zip(least, totals, strict=True)]
