"""``reproduce``: from a corpus to a report, step by step."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voice2face.cli import options
from voice2face.cli.needs import TRAINING, checked_device, need_extras
from voice2face.cli.output import print_answer, print_note
from voice2face.cli.program import app
from voice2face.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from voice2face.experiments.pipeline.plan import Step
    from voice2face.experiments.pipeline.request import Request

NEEDED = TRAINING | {"pyarrow": "data", "tqdm": "data", "cv2": "data", "matplotlib": "figures"}
NEEDED |= {"jinja2": "figures"}
OURS = {"steps", "log.txt", ".lock", ".helpers"}  # one of them is in each folder of a work

Seeds = Annotated[
    int,
    typer.Option(min=1, max=100, help="Trainings of each variant; fewer than 3 give no verdicts."),
]
Variants = Annotated[
    str | None,
    typer.Option(help="Variants to train, such as tanh,bn.  [default: the report's five]"),
]
VoiceIterations = Annotated[
    int | None,
    typer.Option(
        min=1, help="Training steps of the speaker stage.  [default: a fifth of the models']"
    ),
]
SetVoice = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="The same for the speaker stage.")
]
SetRecogniser = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="The same for the recogniser.")
]
Only = Annotated[
    str | None, typer.Option(metavar="EXPERIMENT,...", help="Experiments to do.  [default: all]")
]
Embedders = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE.onnx", help="A further face embedder; repeatable."),
]
Other = Annotated[
    Path | None,
    typer.Option(metavar="CORPUS", help="Also measure the models on the people of another corpus."),
]
Systems = Annotated[
    list[str] | None,
    typer.Option(
        "--system",
        metavar="NAME=MODEL",
        help="Also measure this system: a model's folder, org/name, or TABLE.csv:COLUMN with its "
        "pictures; repeatable.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(min=1, help="Number of processes.  [default: one a core; on a GPU, one]"),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only print the steps and how long they take.")
]


@app.command(
    epilog="\b\nExample: voice2face reproduce corpus out --dry-run\n"
    "         voice2face reproduce corpus out --device cuda --seeds 5"
)
def reproduce(
    corpus: options.CorpusFolder,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for everything that is made.")],
    seeds: Seeds = 3,
    variants: Variants = None,
    preset: options.Preset = "released",
    width: options.Width = 1.0,
    iterations: options.Iterations = None,
    voice_iterations: VoiceIterations = None,
    settings: options.Set = None,
    set_voice: SetVoice = None,
    set_recogniser: SetRecogniser = None,
    only: Only = None,
    embedder: Embedders = None,
    other: Other = None,
    system: Systems = None,
    resamples: Annotated[
        int, typer.Option(min=100, help="Bootstrap resamples for each interval.")
    ] = 10_000,
    jobs: Jobs = None,
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    dry_run: DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Train, measure and report everything.

    Trains the voice encoder, a recogniser of faces and the report's five models, does every
    experiment of the report, and writes a page with figures and tables to OUT/report. After an
    interruption the same command continues. A step whose settings have changed is done again.
    OUT/log.txt holds the output of the trainings.
    """
    need_extras("reproduce", NEEDED)
    n_cores = os.cpu_count() or 1
    n_workers = jobs or (n_cores if device == "cpu" else 1)
    if device == "cpu":  # the cores are shared out, unless the user's environment says otherwise
        os.environ.setdefault("OMP_NUM_THREADS", str(max(n_cores // n_workers, 1)))
    from voice2face.experiments.pipeline.request import Request
    from voice2face.experiments.pipeline.steps import steps_of

    request = Request(
        corpus, out, n_seeds=seeds, seed=seed, preset=preset, width=width, device=device,
        n_resamples=resamples, systems=_systems(system),
        face_changes=tuple(options.assignments(settings).items()),
        voice_changes=tuple(options.assignments(set_voice).items()),
        recogniser_changes=tuple(options.assignments(set_recogniser).items()),
        **options.given(
            variants=options.comma_list(variants), only=options.comma_list(only),
            iterations=iterations, voice_iterations=voice_iterations, other=other,
            embedders=None if embedder is None else tuple(embedder),
        ),
    )  # fmt: skip
    _check(request)
    steps = steps_of(request)
    if dry_run:
        _tell_plan(request, steps, n_workers, as_json=as_json)
        return
    _do(request, steps, n_workers)
    _tell_end(request, steps, as_json=as_json)


def _systems(words: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """Names and places of systems of others.

    Raises:
        SettingsError: A name or a place is missing.
    """
    found = []
    for word in words or ():
        name, equals, place = word.partition("=")
        if not (name and equals and place):
            raise SettingsError("--system", word, "NAME=MODEL", "name it")
        found.append((name, place))
    return tuple(found)


def _do(request: "Request", steps: Sequence["Step"], n_workers: int) -> None:
    from voice2face.experiments.pipeline.lock import alone_in
    from voice2face.experiments.pipeline.performing import Performer
    from voice2face.experiments.pipeline.plan import Records
    from voice2face.experiments.pipeline.request import PAGES, RESULTS
    from voice2face.experiments.pipeline.workers import carry_out

    with alone_in(request.out):
        Records(request.out).tidy([RESULTS, PAGES])
        try:
            failed = carry_out(
                steps, request.out, partial(Performer, request),
                n_workers=n_workers, note=print_note,
            )  # fmt: skip
        except KeyboardInterrupt:
            raise KeyboardInterrupt("stopped; the same command goes on") from None
    errors = list(failed.values())
    for error in errors[:-1]:
        print_note(f"error: {error}")
    if errors:
        raise errors[-1]


def _check(request: "Request") -> None:
    """Refuse what can't be done, before anything is written.

    Raises:
        OutputError: Other files lie in the folder, or it lies in the corpus.
        SettingsError: A device or a choice does not exist.
    """
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
    request: "Request", steps: Sequence["Step"], n_workers: int, *, as_json: bool
) -> None:
    """Print all steps with their states and times."""
    from voice2face.experiments.fitness import LEAST_SEEDS
    from voice2face.experiments.pipeline.estimates import Estimator, total
    from voice2face.experiments.pipeline.plan import Records, states
    from voice2face.experiments.pipeline.workers import duration

    records = Records(request.out)
    found = states(steps, records)
    estimator = Estimator(request, records)
    estimates = {step.name: estimator.estimate(step, found[step.name]) for step in steps}
    seconds = {name: estimate.seconds for name, estimate in estimates.items()}
    whole = total(steps, found, seconds, n_workers)
    width = max(len(step.name) for step in steps)
    told, lines = [], []
    for step in steps:
        estimate, state = estimates[step.name], found[step.name]
        told.append(
            {
                "name": step.name, "kind": step.kind, "state": state,
                "seconds": estimate.seconds, "how": estimate.how, "needs": step.needs,
            }
        )  # fmt: skip
        time = "" if state == "not asked for" else duration(estimate.seconds)
        lines.append(f"{step.name.ljust(width)}  {state:<13}  {time:>8}  {estimate.how}".rstrip())
    not_asked = _not_askable(request, steps)
    lines += [f"cannot be asked: {name}: {why}" for name, why in not_asked.items()]
    if request.n_seeds < LEAST_SEEDS:
        lines.append(f"no claim gets a verdict from fewer than {LEAST_SEEDS} seeds: --seeds 3")
    n_left = sum(state in ("to do", "begun") for state in found.values())
    lines.append(f"{n_left} steps to do, about {duration(whole)} with {n_workers} at once")
    answer = {"steps": told, "jobs": n_workers, "seconds": whole, "not_askable": not_asked}
    print_answer(as_json, answer, lines)


def _not_askable(request: "Request", steps: Sequence["Step"]) -> dict[str, str]:
    """Experiments that can't be asked of this corpus, with the reasons."""
    from voice2face.experiments.pipeline.opening import silent_context
    from voice2face.experiments.registry import EXPERIMENTS

    context = silent_context(request)
    asked = [step.name for step in steps if step.name in EXPERIMENTS and not step.optional]
    found = {name: EXPERIMENTS[name].lacking(context) for name in asked}
    return {name: why for name, why in found.items() if why}


def _tell_end(request: "Request", steps: Sequence["Step"], *, as_json: bool) -> None:
    """Print how many claims hold, and where the report is."""
    from voice2face.evaluation.results import read_result
    from voice2face.experiments.pipeline.plan import Records, states
    from voice2face.experiments.pipeline.request import PAGES, RESULTS
    from voice2face.report.words import verdict_sentence

    found = states(steps, Records(request.out))
    asked = [s.name for s in steps if s.kind == "experiment" and found[s.name] == "done"]
    results = [read_result(request.out / RESULTS / f"{name}.json") for name in asked]
    claims = [claim for result in results for claim in result.claims]
    page = request.out / PAGES / "index.html"
    lines = [f"warning: {s}" for s in dict.fromkeys(s for r in results for s in r.warnings)]
    unfit = dict.fromkeys(sentence for result in results for sentence in result.unfit)
    lines += [f"too little training to tell: {sentence}" for sentence in unfit]
    lines += [verdict_sentence(claims), f"report: {page.resolve()}"]
    print_answer(as_json, {"report": page, "steps": found, "claims": claims}, lines)
