"""What the benchmarks share: a whole process measured, figures with targets, the machine, JSON."""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer

LAUNCHER = Path(__file__).with_name("launch.py")
RESULTS = Path(__file__).with_name("results")
PACKAGES = ("voice2face", "numpy", "av", "onnxruntime")
PROGRAM = (sys.executable, "-m", "voice2face")
# Option of benchmarks that are commands of their own.
DataFolder = Annotated[Path, typer.Option("--data", help="Where the data sets lie.")]
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class NotHereError(Exception):
    """What a benchmark needs is not on this machine."""


@dataclass(frozen=True)
class Run:
    """One process from its start to its end.

    Attributes:
        wall_s: Time on the clock.
        cpu_s: Time on all cores together, the kernel's included.
        peak_mb: Most memory that it held at once, in 10^6 bytes.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class Figure:
    """One measured number and what it should be; the median is what counts.

    Attributes:
        name: What was measured, with its unit.
        minimum: Least of the measurements.
        median: Their median.
        maximum: Largest of the measurements.
        n: Number of measurements.
        at_most: The target, if less is better.
        at_least: The target, if more is better.
    """

    name: str
    minimum: float
    median: float
    maximum: float
    n: int
    at_most: float | None = None
    at_least: float | None = None

    @property
    def target(self) -> str:
        """In words; empty without one."""
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return "" if self.at_least is None else f"at least {self.at_least:g}"

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.at_most is not None:
            return self.median <= self.at_most
        return None if self.at_least is None else self.median >= self.at_least


@dataclass(frozen=True)
class Result:
    """What one benchmark found.

    Attributes:
        command: What was measured, as a user would type it.
        figures: The numbers.
        about: What else one must know to read them.
    """

    command: str
    figures: tuple[Figure, ...]
    about: dict[str, Any]


def figure(name: str, samples: Sequence[float], **target: float) -> Figure:
    """Sum up measurements of the same thing."""
    low, middle, high = min(samples), statistics.median(samples), max(samples)
    return Figure(name, low, middle, high, len(samples), **target)


def process_figures(
    name: str, runs: Sequence[Run], wall_s: float | None = None, peak_mb: float | None = None
) -> tuple[Figure, ...]:
    """Wall time, processor time and peak memory of a process, with their targets."""
    targets = ({"at_most": limit} if limit is not None else {} for limit in (wall_s, None, peak_mb))
    names = ("wall_s", "cpu_s", "peak_mb")
    return tuple(
        figure(f"{name} {field}", [getattr(run, field) for run in runs], **target)
        for field, target in zip(names, targets, strict=True)
    )


def run_process(
    command: Sequence[str | Path], *, n_cores: int = 2, folder: Path | None = None
) -> Run:
    """Run a command once, from its start to its end.

    Args:
        command: Program and arguments.
        n_cores: Cores that it may use, where the system can tell it.
        folder: Where it runs.

    Raises:
        RuntimeError: It failed; with what it printed last.
    """
    with tempfile.TemporaryDirectory() as place:
        result, log = Path(place) / "result.json", Path(place) / "log"
        words = [sys.executable, "-S", "-E", LAUNCHER, result, log, str(n_cores), *command]
        subprocess.run(list(map(str, words)), check=True, cwd=folder, env=_with_compiled_modules())
        answer = json.loads(result.read_text())
        if answer.pop("status"):
            tail = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{tail}")
    return Run(**answer)


def run_often(command: Sequence[str | Path], n: int, **options: Any) -> list[Run]:
    """Run a command ``n`` times, after once for the disc's cache and the compiled modules."""
    run_process(command, **options)
    return [run_process(command, **options) for _ in range(n)]


def _with_compiled_modules() -> dict[str, str]:
    """Our environment, but Python may keep the modules that it has compiled, as for users."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def one_thread() -> dict[str, str]:
    """Our environment, but one thread for each process."""
    return dict(os.environ) | dict.fromkeys(THREAD_LIMITS, "1")


def measured_apart(module: str, *words: str | Path) -> Any:
    """What a module of this folder prints as JSON, as a program of its own with one thread."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *map(str, words)],
        check=True, stdout=subprocess.PIPE, text=True, env=one_thread(),
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    return json.loads(done.stdout)


def memory_mb(process: int | str = "self", field: str = "VmHWM") -> float:
    """Memory that a process holds (VmRSS), or held at most (VmHWM), in 10^6 bytes.

    Raises:
        OSError: There is no such process, or the system has no ``/proc``.
        KeyError: It has just ended.
    """
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    sizes = dict(line.split(":", 1) for line in lines)
    return int(sizes[field].split()[0]) * 1024 / 1e6


def machine() -> dict[str, Any]:
    """What the figures were measured on; nothing that tells whose it is."""
    return {
        "processor": _processor(),
        "cores": n_cores_here(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": _system(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "busy_cores_before": round(os.getloadavg()[0], 1),
    }


def n_cores_here() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.system()
    return f"{name}, {platform.system()} {platform.release()} {platform.machine()}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def write_result(
    name: str, purpose: str, result: Result, about: dict[str, Any], folder: Path = RESULTS
) -> Path:
    """Write what a benchmark found on the machine that is described as ``NAME.json``."""
    answer = {
        "benchmark": name,
        "purpose": purpose,
        "run_with": f"python -m benchmarks {name}",
        "command": result.command,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": about,
        "figures": [_as_data(figure) for figure in result.figures],
        "about": result.about,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(answer, indent=2, ensure_ascii=False) + "\n", "utf-8")
    temporary.replace(path)
    return path


def _as_data(figure: Figure) -> dict[str, Any]:
    data = {k: v for k, v in asdict(figure).items() if v is not None}
    data |= {k: round(data[k], 4) for k in ("minimum", "median", "maximum")}
    return data if figure.met is None else data | {"met": figure.met}


def table(figures: Sequence[Figure]) -> str:
    """Figures as lines of text under one heading."""
    heading = f"{'':44}{'target':>14}{'min':>9}{'median':>9}{'max':>9}"
    marks = {True: "met", False: "MISSED", None: ""}
    return "\n".join(
        [
            heading,
            *(
                f"{f.name:44}{f.target:>14}{f.minimum:9.3g}{f.median:9.3g}{f.maximum:9.3g}"
                f"  {marks[f.met]}".rstrip()
                for f in figures
            ),
        ]
    )
