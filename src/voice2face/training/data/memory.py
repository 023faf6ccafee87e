"""How much memory a corpus may take: on the device, or on the machine."""

import sys
from pathlib import Path

import torch

# Of what is free. The rest is for networks, activations and whatever else runs here.
SHARE = 0.5
UNLIMITED = 1 << 62  # cgroups and the kernel write some such number where there is no limit
_CGROUP = Path("/sys/fs/cgroup")
_PROC = Path("/proc")


def room_on(device: torch.device, processes: int = 1) -> int:
    """Bytes that a corpus may take on a device: ``SHARE`` of what is free there.

    Args:
        device: A graphics card, or the processor: then the machine's memory counts.
        processes: On this machine, which share its memory; each has a graphics card of its own.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(SHARE * free)
    free = least_free(_text(_PROC / "meminfo"), tuple(_cgroups()), _address_space())
    return int(SHARE * free / processes)


def least_free(
    meminfo: str,
    cgroups: tuple[tuple[str, str, str], ...] = (),
    address_space: tuple[int, int] | None = None,
) -> int:
    """Bytes that this process can still take: the least of what machine and limits leave.

    Args:
        meminfo: Content of ``/proc/meminfo``; without it 4 GiB are taken to be free.
        cgroups: Limit, use and statistics of each control group that the process is in, as the
            kernel writes them. What is cached from files is not counted as used.
        address_space: Limit and use of the address space (``ulimit -v``) in bytes.

    Returns:
        Bytes, at least 0.
    """
    rows = (line.split() for line in meminfo.splitlines())
    found = {row[0]: int(row[1]) * 1024 for row in rows if len(row) > 1 and row[1].isdigit()}
    free = [found.get("MemAvailable:", found.get("MemFree:", 4 << 30))]
    for limit, used, statistics in cgroups:
        if limit.strip().isdigit() and int(limit) < UNLIMITED and used.strip().isdigit():
            pairs = (line.split() for line in statistics.splitlines())
            counts = {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}
            cached = counts.get("total_inactive_file", counts.get("inactive_file", 0))
            free.append(int(limit) - int(used) + cached)
    if address_space is not None:
        limit_bytes, used_bytes = address_space
        free.append(limit_bytes - used_bytes)
    return max(0, min(free))


def _cgroups() -> list[tuple[str, str, str]]:
    """The group of this process and those above it (version 2), or the container's (1)."""
    entry = next((x for x in _text(_PROC / "self/cgroup").splitlines() if x.startswith("0::")), "")
    own = _CGROUP / entry[3:].strip().lstrip("/")
    folders = [own, *(folder for folder in own.parents if folder.is_relative_to(_CGROUP))]
    names = ("memory.max", "memory.current", "memory.stat")
    old = ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat")
    groups = [[_text(folder / name) for name in names] for folder in folders]
    groups.append([_text(_CGROUP / "memory" / name) for name in old])
    return [(limit, used, statistics) for limit, used, statistics in groups if limit]


def _address_space() -> tuple[int, int] | None:
    """Limit and use in bytes; None without a limit, or on a system that has none."""
    if sys.platform == "win32":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = _text(_PROC / "self/statm").split()
    if limit == resource.RLIM_INFINITY or limit >= UNLIMITED or not pages:
        return None
    return limit, int(pages[0]) * resource.getpagesize()


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
