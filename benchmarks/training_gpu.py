"""A whole run of ``baseline`` on one GPU: target: 4 minutes, 5 times faster than the plain recipe.

The run is the command itself, 50,000 iterations of batch 128 at full width, from the start of the
program to the released model: data, snapshots, logs and checkpoints included. The plain recipe
(fp32, the released program's waste, one loading worker) is timed over some hundred steps on the
same device, which says how long it would take; so are other ways of taking the project's steps,
each in a process of its own, beside the least time that the device's own rates allow. Left out
where there is no NVIDIA GPU.

``python -m benchmarks.training_gpu --parts steps,whole,resume`` runs some of it.
"""

import itertools
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.harness import (
    PROGRAM,
    RESULTS,
    Figure,
    NotHereError,
    Result,
    Run,
    figure,
    machine,
    n_cores_here,
    run_process,
    table,
    write_result,
)
from benchmarks.inputs import Inputs

if TYPE_CHECKING:
    from benchmarks.gpu_figures import Answers
    from benchmarks.gpu_scale import Scale

ITERATIONS = 50_000
MOST_MINUTES, LEAST_TIMES = 4.0, 5.0
RESUMED = 60  # iterations of the run that is stopped half-way
PARTS = ("steps", "whole", "resume")
PROFILED = "bf16"
SHIPPED = ("--precision", "bf16")  # how the whole run is started
PEOPLE, SPLIT = 400, "hash:75/5/20"  # as in ``learning``


@dataclass(frozen=True)
class Task:
    """A whole run.

    Attributes:
        corpus: A prepared one.
        encoder: Model whose voice encoder is used.
        iterations: Training iterations.
        device: As the command takes it.
        options: Further ones of the command.
    """

    corpus: Path
    encoder: Path
    iterations: int = ITERATIONS
    device: str = "cuda"
    options: tuple[str, ...] = ()

    def command(self, out: Path, *more: str, iterations: int | None = None) -> list[str]:
        """What a user would type."""
        return [
            *PROGRAM, "train", "face", str(self.corpus), str(out), "--quiet",
            "--device", self.device, "--voice-encoder", str(self.encoder),
            "--iterations", str(iterations or self.iterations), *self.options, *more,
        ]  # fmt: skip


def measure(inputs: Inputs) -> Result:
    """All parts, on a cohort."""
    _need_gpu()
    from benchmarks.gpu_scale import Scale

    return run(inputs.folder / "gpu", _task(inputs), Scale(), PARTS)


def run(folder: Path, task: Task, scale: "Scale", parts: Sequence[str]) -> Result:
    """Some parts.

    Args:
        folder: Where runs and answers go.
        task: The whole run.
        scale: Size of the steps that are timed.
        parts: Of ``PARTS``.
    """
    from benchmarks.gpu_figures import about_steps, step_figures

    folder.mkdir(parents=True, exist_ok=True)
    figures: list[Figure] = []
    about: dict[str, Any] = {"card": _card(task.device)}
    answers: Answers = {}
    if "steps" in parts:
        answers, left_out = _all_ways(folder, scale)
        figures += step_figures(answers, scale)
        about |= about_steps(answers, scale) | {"left out": left_out}
    if "whole" in parts:
        process, facts = whole_run(task, folder / "whole")
        figures += whole_figures(process, task.iterations, answers)
        about["whole run"] = facts
    if "resume" in parts:
        differs = resumed_differs(task, folder / "resumed")
        name = "resumed against not, fp32: largest difference"
        figures.append(figure(name, [differs], at_most=0.0))
    command = f"voice2face train face CORPUS OUT --device {task.device} {' '.join(SHIPPED)}"
    return Result(command, tuple(figures), about)


def _all_ways(folder: Path, scale: "Scale") -> "tuple[Answers, dict[str, str]]":
    """What each way gave; and why others gave nothing."""
    from benchmarks.gpu_steps import WAYS

    answers: Answers = {}
    left_out: dict[str, str] = {}
    for name in ("rates", *WAYS):
        answer = folder / f"{name}.json"
        words: list[str | Path] = [sys.executable, "-m", "benchmarks.gpu_steps", name, answer]
        words += ["--scale", json.dumps(asdict(scale))]
        words += ["--profile"] if name == PROFILED else []
        try:
            run_process(words, n_cores=n_cores_here())
            answers[name] = json.loads(answer.read_text("utf-8"))
        except RuntimeError as error:
            left_out[name] = str(error).strip().splitlines()[-1][:200]
    return answers, left_out


def whole_run(task: Task, out: Path) -> tuple[Run, dict[str, Any]]:
    """The command, from its start to its end; and what it has left behind.

    Raises:
        RuntimeError: It failed, or did not do all that it should.
    """
    process = run_process(task.command(out, *SHIPPED), n_cores=n_cores_here())
    rows = [json.loads(line) for line in (out / "losses.jsonl").read_text().splitlines()]
    facts: dict[str, Any] = {
        "iterations": rows[-1]["step"],
        "last losses": rows[-1]["losses"],
        "iterations a second, between two logs": _rates(rows),
        "share of time waiting for data": _waiting(out),
        "snapshots": len(list((out / "samples").glob("*.png"))),
        "checkpoints kept": sorted(p.name for p in (out / "checkpoints").glob("*.pt")),
        "released model": (out / "model" / "generator.onnx").is_file(),
    }
    readings = out / "readings.jsonl"
    if readings.is_file():
        last = json.loads(readings.read_text().splitlines()[-1])["readings"]
        facts["last readings"] = {name: r["value"] for name, r in last.items()}
    if facts["iterations"] != task.iterations or not facts["released model"]:
        raise RuntimeError(f"the whole run is not whole: {facts}")
    return process, facts


def _rates(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Median and slowest of the rates between two lines of the log."""
    rates = [
        (after["step"] - before["step"]) / (after["time"] - before["time"])
        for before, after in itertools.pairwise(rows)
        if after["time"] > before["time"]
    ]
    if not rates:
        return {}
    return {"median": round(statistics.median(rates), 1), "slowest": round(min(rates), 1)}


def _waiting(out: Path) -> float | None:
    """Mean of what the run has logged."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(out / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    name = "speed/waiting_for_data"
    if name not in events.Tags()["scalars"]:
        return None
    return round(float(statistics.mean(event.value for event in events.Scalars(name))), 4)


def whole_figures(process: Run, iterations: int, answers: "Answers") -> list[Figure]:
    """The run itself, and how long the plain recipe would take for as many iterations."""
    figures = [
        figure("whole run, minutes", [process.wall_s / 60], at_most=MOST_MINUTES),
        figure("whole run, processor minutes", [process.cpu_s / 60]),
        figure("whole run, peak_mb in the machine's memory", [process.peak_mb]),
    ]
    for name in ("plain", "plain-tf32"):
        if name in answers:
            says, took = answers[name]["says"], [iterations * s for s in answers[name]["s"]]
            target = {"at_least": LEAST_TIMES} if name == "plain" else {}
            figures += [
                figure(f"{says}: minutes for as many", [s / 60 for s in took]),
                figure(f"{says} / whole run", [s / process.wall_s for s in took], **target),
            ]
    return figures


def resumed_differs(task: Task, folder: Path) -> float:
    """Largest difference between the last checkpoints of a run and of one stopped half-way."""
    half = RESUMED // 2
    plain = ("--precision", "fp32")
    for name, stops in (("whole", (RESUMED,)), ("parts", (half, RESUMED))):
        for number, iterations in enumerate(stops):
            resume = ("--resume",) if number else ()
            command = task.command(folder / name, *plain, *resume, iterations=iterations)
            run_process(command, n_cores=n_cores_here())
    return _largest_difference(*(_last_state(folder / name) for name in ("whole", "parts")))


def _last_state(out: Path) -> Any:
    from voice2face.training.checkpoint import load_last

    found = load_last(out / "checkpoints")
    if found is None or found[0] != RESUMED:
        raise RuntimeError(f"{out}: no checkpoint of step {RESUMED}")
    return found[1]["trainee"]


def _largest_difference(a: Any, b: Any) -> float:
    from voice2face.training.checkpoint import tensors

    pairs = zip(tensors(a), tensors(b), strict=True)
    return max(float((x.double() - y.double()).abs().max()) for (_, x), (_, y) in pairs)


def _need_gpu() -> None:
    try:
        import torch
    except ImportError as error:
        raise NotHereError("torch; install voice2face[train]") from error
    if not torch.cuda.is_available():
        raise NotHereError("an NVIDIA GPU that this torch can use")


def _card(device: str) -> dict[str, Any]:
    """What the figures were measured on, beside the machine."""
    import torch

    from benchmarks.gpu_steps import device_name

    name = device_name(torch.device(device))
    found = {"name": name, "torch": str(torch.__version__), "cuda": torch.version.cuda}
    if device.startswith("cuda"):
        memory = torch.cuda.get_device_properties(torch.device(device)).total_memory
        return found | {"memory_gb": round(memory / 1e9, 1)}
    return found


def _task(inputs: Inputs) -> Task:
    return Task(_corpus(inputs.folder / "gpu-people"), inputs.full_width)


def _corpus(folder: Path) -> Path:
    """A cohort, prepared: people to train on and others to measure snapshots by."""
    from voice2face.corpus.prepare import prepare
    from voice2face.synthetic import CohortSettings, write_cohort

    write_cohort(folder / "people", CohortSettings(n_identities=PEOPLE, seed=11))
    return prepare([folder / "people" / "cohort.csv"], folder / "corpus", split=SPLIT).path


def main(
    parts: str = ",".join(PARTS),
    corpus: Annotated[Path | None, typer.Option(help="A prepared one; else a cohort.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the JSON file.")] = RESULTS,
) -> None:
    wanted = [part for part in PARTS if part in parts.split(",")]
    _need_gpu()
    from benchmarks.gpu_scale import Scale

    with tempfile.TemporaryDirectory(prefix="voice2face-benchmarks-") as place:
        inputs = Inputs(Path(place))
        if corpus is None and {"whole", "resume"} & {*wanted}:
            corpus = _corpus(inputs.folder / "gpu-people")
        task = Task((corpus or Path()).resolve(), inputs.full_width)
        result = run(inputs.folder / "gpu", task, Scale(), wanted)
    print(table(result.figures))
    name = "training_gpu" if len(wanted) == len(PARTS) else f"training_gpu_{'_'.join(wanted)}"
    write_result(name, str(__doc__).split("\n", 1)[0], result, machine(), out)


if __name__ == "__main__":
    typer.run(main)
