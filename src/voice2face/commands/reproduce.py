"""``reproduce``: from a corpus to a report, step by step."""

import importlib.util
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from voice2face.commands.output import print_json, report_failure, shown
from voice2face.errors import MissingExtraError, OutputError, SettingsError, one_line

if TYPE_CHECKING:
    from voice2face.experiments.pipeline.plan import Records, Step
    from voice2face.experiments.pipeline.steps import Request

EXTRAS = {"torch": "train", "onnx": "train", "safetensors": "train", "tensorboard": "train"}
EXTRAS |= {"pyarrow": "data", "tqdm": "data", "cv2": "data", "matplotlib": "figures"}
OURS = {"steps", "log.txt", ".lock", ".helpers"}  # of which one is in any folder of a work


def reproduce(
    corpus: Path,
    out: Path,
    *,
    jobs: int | None,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Do what is not done and say where the report is; or say what there is to do.

    Args:
        corpus: A prepared corpus.
        out: Folder of the work.
        jobs: Processes at once; None: one a core, on an accelerator one.
        dry_run: Only say what there is to do.
        as_json: Print the answer for a program.
        options: Fields of ``Request``; None: its own default.

    Raises:
        Voice2FaceError: Something could not be done; all that does not depend on it was.
        KeyboardInterrupt: Somebody asked to stop.
    """
    _need_extras()
    from voice2face.experiments.pipeline.plan import Records
    from voice2face.experiments.pipeline.steps import Request, steps_of

    request = Request(corpus, out, **{k: v for k, v in options.items() if v is not None})
    _check(request)
    steps = steps_of(request)
    n_workers = jobs or ((os.cpu_count() or 1) if request.device == "cpu" else 1)
    if dry_run:
        _tell_plan(request, steps, Records(out), n_workers, as_json=as_json)
        return
    _do(request, steps, n_workers)
    _tell_end(request, steps, as_json=as_json)


def _do(request: "Request", steps: Sequence["Step"], n_workers: int) -> None:
    from voice2face.experiments.pipeline.lock import alone_in
    from voice2face.experiments.pipeline.performing import Performer
    from voice2face.experiments.pipeline.plan import Records
    from voice2face.experiments.pipeline.steps import PAGES, RESULTS
    from voice2face.experiments.pipeline.workers import carry_out

    with alone_in(request.out):
        Records(request.out).tidy([RESULTS, PAGES])
        try:
            failed = carry_out(
                steps, request.out, partial(Performer, request),
                n_workers=n_workers, n_threads=_threads(request, n_workers), note=_note,
            )  # fmt: skip
        except KeyboardInterrupt:
            raise KeyboardInterrupt("stopped; the same command goes on") from None
    errors = list(failed.values())
    for error in errors[:-1]:
        report_failure(error)
    if errors:
        raise errors[-1]


def _check(request: "Request") -> None:
    """Refuse what can't be done, before anything is written.

    Raises:
        OutputError: Something else lies in the folder, or it lies in the corpus.
        SettingsError: A device or a choice that does not exist.
    """
    from voice2face.commands.training import checked_device

    out = request.out
    checked_device(request.device)
    if not request.variants or len(set(request.variants)) < len(request.variants):
        found = ", ".join(request.variants) or "no name"
        raise SettingsError("--variants", found, "different names", "correct it")
    for corpus in (request.corpus, request.other):
        if corpus is not None and out.resolve().is_relative_to(corpus.resolve()):
            found = "lies inside the corpus"
            raise OutputError(out, found, "a place outside", "choose another folder")
    if out.exists() and not out.is_dir():
        raise OutputError(out, "a file", "a folder", "choose another")
    names = {entry.name for entry in out.iterdir()} if out.exists() else set()
    if names and not names & OURS:
        found = "a folder with other files"
        raise OutputError(out, found, "a new folder, or one of `reproduce`", "choose another")


def _tell_plan(
    request: "Request",
    steps: Sequence["Step"],
    records: "Records",
    n_workers: int,
    *,
    as_json: bool,
) -> None:
    """Print all steps with what each will take."""
    import torch

    from voice2face.experiments.pipeline.estimates import Estimator, total
    from voice2face.experiments.pipeline.plan import states
    from voice2face.experiments.pipeline.workers import duration

    if (n_threads := _threads(request, n_workers)) and not os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(n_threads)
    found = states(steps, records)
    estimator = Estimator(request, records)
    estimates = {step.name: estimator.estimate(step, found[step.name]) for step in steps}
    seconds = {name: estimate.seconds for name, estimate in estimates.items()}
    whole = total(steps, found, seconds, n_workers)
    if as_json:
        told = [
            {
                "name": step.name, "kind": step.kind, "state": found[step.name],
                "seconds": seconds[step.name], "how": estimates[step.name].how,
                "needs": step.needs,
            }
            for step in steps
        ]  # fmt: skip
        print_json({"steps": told, "jobs": n_workers, "seconds": whole})
        return
    width = max(len(step.name) for step in steps)
    for step in steps:
        estimate, state = estimates[step.name], found[step.name]
        time = "" if state == "not asked for" else duration(estimate.seconds)
        line = f"{step.name.ljust(width)}  {state:<13}  {time:>8}  {estimate.how}"
        typer.echo(one_line(line.rstrip()))
    n_left = sum(state in ("to do", "begun") for state in found.values())
    typer.echo(f"{n_left} steps to do, about {duration(whole)} with {n_workers} at once")


def _tell_end(request: "Request", steps: Sequence["Step"], *, as_json: bool) -> None:
    """Print which claims hold, and where the report is."""
    from collections import Counter

    from voice2face.evaluation.results import read_result
    from voice2face.experiments.pipeline.plan import Records, states
    from voice2face.experiments.pipeline.steps import PAGES, RESULTS

    found = states(steps, Records(request.out))
    asked = [s.name for s in steps if s.kind == "experiment" and found[s.name] == "done"]
    results = [read_result(request.out / RESULTS / f"{name}.json") for name in asked]
    claims = [claim for result in results for claim in result.claims]
    page = request.out / PAGES / "index.html"
    if as_json:
        print_json({"report": str(page), "steps": found, "claims": claims})
        return
    counts = Counter(claim.verdict for claim in claims)
    told = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
    typer.echo(f"{len(claims)} claims of paper and report: {told or 'none asked'}")
    typer.echo(f"report: {shown(page.resolve())}")


def _threads(request: "Request", n_workers: int) -> int | None:
    """The cores, shared out; on an accelerator nobody needs to share them."""
    return max((os.cpu_count() or 1) // n_workers, 1) if request.device == "cpu" else None


def _need_extras() -> None:
    """All are looked for at once: hours of work must not end for the lack of the last."""
    for name, extra in EXTRAS.items():
        if importlib.util.find_spec(name) is None:
            raise MissingExtraError(f"reproduce ({name})", extra)


def _note(line: str) -> None:
    typer.echo(one_line(line), err=True)
