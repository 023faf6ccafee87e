"""Many processes that train as one: gradients averaged, one writes, all stop together.

They are launched by ``torchrun``, which tells each its place in the environment. Each has the same
networks (by the seed) and a part of each batch of its own. The random state that dropout uses is
the same in all, so that one checkpoint, the leader's, holds what all of them need to go on.
Statistics of batch normalisation are of each process' own part; the leader's are kept.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist

# Its functions have the group of the time of its import as a default. Optimisers import it, and if
# that came first after the group had been made, the group would outlive its end, and its threads
# the interpreter, which then aborts (one time in a hundred on a busy machine).
import torch.distributed.nn
from torch import Tensor
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous
from torch.nn import Parameter

from voice2face.errors import SettingsError, TrainingError

# A process that hangs is noticed after this, one that ends at once. The leader's samples take long.
TIMEOUT = timedelta(minutes=10)


@dataclass(frozen=True)
class Team:
    """This process and the others that train with it.

    All processes must call the methods in the same order. They raise
    :class:`~voice2face.errors.TrainingError` when another process has ended or hangs.

    Attributes:
        rank: Number of this process, from 0.
        world: Number of processes.
        device: Device of this process.
    """

    rank: int
    world: int
    device: torch.device

    @property
    def is_leader(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def mean_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Replace each gradient by its mean over all processes, in the memory where it lies.

        Args:
            parameters: Parameters; the same ones have a gradient in all processes.
        """
        if self.world == 1:
            return
        # All are under way before the first is waited for. To gather them in one message would
        # need copies, which cost more than messages do, most of all with channels last.
        gradients = [_as_it_lies(p) for p in parameters if p.grad is not None]
        with self._answered():
            sums = [dist.all_reduce(gradient, async_op=True) for gradient in gradients]
            for gradient, its_sum in zip(gradients, sums, strict=True):
                its_sum.wait()
                gradient.div_(self.world)

    def mean(self, values: Tensor) -> Tensor:
        """Mean over all processes, of the same shape."""
        if self.world == 1:
            return values
        total = values.detach().clone()
        with self._answered():
            dist.all_reduce(total)
        return total.div_(self.world)

    def agree(self, flag: bool) -> bool:
        """Whether the flag is set in any process."""
        if self.world == 1:
            return flag
        votes = torch.tensor([int(flag)])  # on the CPU: no wait for an accelerator's work
        with self._answered():
            dist.all_reduce(votes, dist.ReduceOp.MAX)
        return bool(votes.item())

    def barrier(self) -> None:
        """Wait until all are here."""
        self.agree(False)

    def share(self, data: bytes) -> bytes:
        """The leader's bytes, in all processes; what the others give is ignored."""
        if self.world == 1:
            return data
        length = torch.tensor([len(data)])
        with self._answered():
            dist.broadcast(length, src=0)
            content = torch.empty(int(length.item()), dtype=torch.uint8)
            if self.is_leader and data:
                content = torch.frombuffer(bytearray(data), dtype=torch.uint8)
            dist.broadcast(content, src=0)
        return content.numpy().tobytes()

    def check_same_weights(self, digest: bytes) -> None:
        """Refuse to go on if a process has other weights than the leader.

        Args:
            digest: Checksum of the weights.

        Raises:
            TrainingError: In all processes, naming those that differ.
        """
        if self.world == 1:
            return
        own = torch.frombuffer(bytearray(digest), dtype=torch.uint8)
        all_of_them = [torch.empty_like(own) for _ in range(self.world)]
        with self._answered():
            dist.all_gather(all_of_them, own)
        others = [n for n, one in enumerate(all_of_them) if not torch.equal(one, all_of_them[0])]
        if others:
            raise TrainingError(
                f"process {', '.join(map(str, others))} of {self.world}",
                "starts with other weights than process 0",
                "the same in all",
                "give all the same command, program, corpus and kind of device",
            )

    @contextlib.contextmanager
    def _answered(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:  # which all of torch's errors of transport are
            reason = str(error).splitlines()[0][-120:]
            raise TrainingError(
                f"process {self.rank} of {self.world}",
                f"another one has ended or does not answer ({reason})",
                "all of them at work",
                "see what that one says; --resume goes on from the last checkpoint",
            ) from error


def _as_it_lies(parameter: Parameter) -> Tensor:
    """The gradient as one row of memory, (elements,), laid out as in all other processes."""
    gradient = parameter.grad
    assert gradient is not None
    if gradient.stride() != parameter.stride():
        gradient = torch.empty_like(parameter).copy_(gradient)
        parameter.grad = gradient
    return gradient.as_strided((gradient.numel(),), (1,))


def solo(device: torch.device | str) -> Team:
    """One process that trains alone."""
    return Team(0, 1, torch.device(device))


ALONE = solo("cpu")


@contextlib.contextmanager
def team(device: str) -> Iterator[Team]:
    """The processes that ``torchrun`` has started, for as long as the context lasts.

    Without ``torchrun``, or with one process, nothing is set up.

    Args:
        device: ``cpu``, or ``cuda``: each process of a host takes one of its GPUs.

    Raises:
        SettingsError: A device that several processes can't train on.
        TrainingError: The others can't be reached.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield solo(device)
        return
    rank = int(os.environ["RANK"])
    own = _own_device(torch.device(device), int(os.environ.get("LOCAL_RANK", rank)))
    # Messages of the CPU's memory go by gloo even where gradients go by nccl, and wait for no GPU.
    backend = "cpu:gloo,cuda:nccl" if own.type == "cuda" else "gloo"
    try:
        store, _, _ = next(rendezvous("env://", rank, world, timeout=TIMEOUT))
        own_store = _meet(store, rank, world)
        dist.init_process_group(
            backend, store=own_store, rank=rank, world_size=world, timeout=TIMEOUT
        )
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0][:120]
        raise TrainingError(
            f"process {rank} of {world}",
            f"the others can't be reached ({reason})",
            "all started by torchrun",
            "see --rdzv-endpoint of torchrun, or start one process without it",
        ) from error
    failed = True
    try:
        yield Team(rank, world, own)
        failed = False
    finally:
        # nccl would wait for the processes that will not answer; the end of this one frees it.
        if not (failed and own.type == "cuda"):
            dist.destroy_process_group()


def _meet(store: Store, rank: int, world: int) -> Store:
    """A part of the store that only these processes use.

    ``torchrun`` may keep one store over its restarts, and a process that reads the address of one
    that has died there can't connect. So each says a name never used before, and the leader answers
    to that with its own; its count of restarts would not do, which can differ between hosts.
    """
    own = secrets.token_hex(8)
    if rank:
        store.set(f"hello/{rank}", own)
        leader = store.get(f"answer/{own}").decode()  # waits for it
        store.set(f"here/{leader}/{rank}", own)
        return PrefixStore(leader, store)
    missing = set(range(1, world))
    give_up = time.monotonic() + TIMEOUT.total_seconds()
    while missing:
        for other in sorted(missing):
            if store.check([f"here/{own}/{other}"]):
                missing.remove(other)
            elif store.check([f"hello/{other}"]):
                store.set(f"answer/{store.get(f'hello/{other}').decode()}", own)
        if time.monotonic() > give_up:
            raise RuntimeError(f"no sign of process {min(missing)}")
        time.sleep(0.01)
    return PrefixStore(own, store)


def _own_device(asked: torch.device, local_rank: int) -> torch.device:
    if asked.type == "cpu":
        return asked
    if asked.type != "cuda" or asked.index is not None:
        raise SettingsError(
            f"--device {asked}", "several processes", "cpu or cuda", "name no one device"
        )
    n_devices = torch.cuda.device_count()
    if local_rank >= n_devices:
        raise SettingsError(
            "torchrun --nproc-per-node",
            f"process {local_rank + 1} of this host, which has {n_devices} GPUs",
            "one GPU for each process",
            f"give at most {n_devices}",
        )
    own = torch.device("cuda", local_rank)
    torch.cuda.set_device(own)
    return own
