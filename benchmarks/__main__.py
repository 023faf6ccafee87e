"""Run benchmarks, print a table, write ``benchmarks/results/NAME.json`` for each."""

import argparse
import tempfile
from pathlib import Path

from benchmarks.harness import RESULTS, NotHereError, machine, table, write_result
from benchmarks.inputs import Inputs
from benchmarks.registry import BENCHMARKS, purpose


def main() -> None:
    known = dict(BENCHMARKS)
    parser = _parser(list(known))
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - set(known)):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    about = machine()
    print(f"{about['processor']}, {about['cores']} cores, load {about['busy_cores_before']}")
    with tempfile.TemporaryDirectory(prefix="voice2face-benchmarks-") as folder:
        inputs = Inputs(Path(folder))
        for name in arguments.names or known:
            print(f"\n{name}: {purpose(known[name])}", flush=True)
            try:
                result = known[name](inputs)
            except NotHereError as error:
                print(f"left out: {error}")
                continue
            print(table(result.figures), flush=True)
            write_result(name, purpose(known[name]), result, about, arguments.out)


def _parser(names: list[str]) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(names)}")
    options.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON files")
    return options


if __name__ == "__main__":
    main()
