"""Run benchmarks, print a table, write ``benchmarks/results/NAME.json`` for each."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.harness import RESULTS, NotHereError, machine, table, write_result
from benchmarks.inputs import Inputs
from benchmarks.registry import BENCHMARKS, purpose


def main(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the JSON files.")] = RESULTS,
) -> None:
    known = dict(BENCHMARKS)
    if unknown := sorted({*(names or ())} - set(known)):
        raise typer.BadParameter(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    about = machine()
    print(f"{about['processor']}, {about['cores']} cores, load {about['busy_cores_before']}")
    with tempfile.TemporaryDirectory(prefix="voice2face-benchmarks-") as folder:
        inputs = Inputs(Path(folder))
        for name in names or known:
            print(f"\n{name}: {purpose(known[name])}", flush=True)
            try:
                result = known[name](inputs)
            except NotHereError as error:
                print(f"left out: {error}")
                continue
            print(table(result.figures), flush=True)
            write_result(name, purpose(known[name]), result, about, out)


if __name__ == "__main__":
    typer.run(main)
