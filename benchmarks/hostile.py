"""Files and clients made to hurt: recordings, videos, models, settings, tables, corpora, requests.

Target: 100 % held. Held means: one line of error or one input left out, within the kind's
ceiling of time and memory (of all processes together), nothing read that was not named, no control
character on the terminal; and what is honest beside it is done as ever.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks import hostile_files, hostile_server, serve_hostile
from benchmarks.harness import Figure, Result, figure
from benchmarks.hostile_trials import KINDS, Trial
from benchmarks.inputs import Inputs

N_AT_ONCE = 6  # parts beside each other, as on a machine that has other things to do

Part = Callable[[Inputs], Iterator[Trial]]
PARTS: tuple[Part, ...] = (
    hostile_files.recordings,
    hostile_files.prepared,
    hostile_files.models,
    hostile_files.settings,
    hostile_files.tables,
    hostile_files.corpora,
    hostile_files.terminal,
    hostile_files.places,
    hostile_server.recordings,
)


def measure(inputs: Inputs) -> Result:
    inputs.clip  # noqa: B018  (made once, before several ask for it)
    with ThreadPoolExecutor(N_AT_ONCE) as pool:
        trials = [trial for part in pool.map(lambda p: list(p(inputs)), PARTS) for trial in part]
    clients = serve_hostile.measure(inputs)
    figures = [
        *(_held(kind, trials) for kind in KINDS),
        *(_most(kind, trials, "wall_s", "s", ceiling.seconds) for kind, ceiling in KINDS.items()),
        *(_most(kind, trials, "peak_mb", "MB", ceiling.mb) for kind, ceiling in KINDS.items()),
        *clients.figures,
    ]
    about = {
        "table": [row(kind, trials) for kind in KINDS],
        "trials": [vars(trial) for trial in trials],
        "clients": clients.about,
    }
    command = "voice2face reconstruct | prepare | info | inspect | serve, each with its file"
    return Result(command, tuple(figures), about)


def row(kind: str, trials: list[Trial]) -> dict[str, object]:
    """A kind's line of the table: tried, held, and the ceilings that they were held to."""
    of_it = [trial for trial in trials if trial.kind == kind]
    return {
        "kind": kind,
        "tried": len(of_it),
        "held": sum(trial.held for trial in of_it),
        "ceiling": f"{KINDS[kind].seconds:g} s, {KINDS[kind].mb:g} MB",
        "most": f"{max(t.wall_s for t in of_it):.1f} s, {max(t.peak_mb for t in of_it):.0f} MB",
        "not so": [f"{trial.name}: {trial.found}" for trial in of_it if not trial.held],
    }


def _held(kind: str, trials: list[Trial]) -> Figure:
    of_it = [trial.held for trial in trials if trial.kind == kind]
    return figure(f"{kind}: held", [sum(of_it)], at_least=len(of_it))


def _most(kind: str, trials: list[Trial], field: str, unit: str, ceiling: float) -> Figure:
    found = [getattr(trial, field) for trial in trials if trial.kind == kind]
    return figure(f"{kind}: at most, {unit}", [max(found)], at_most=ceiling)
