"""Options that several commands have."""

from typing import Annotated, Optional

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of everything random.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes at once.")]
Device = Annotated[str, typer.Option(help="Where to compute: cpu, cuda, cuda:1 ...")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on exactly with the run in OUT.")]
OptionalCount = Annotated[Optional[int], typer.Option(min=1, help="Else the recipe's.")]  # noqa: UP045
Precision = Annotated[Optional[str], typer.Option(help="fp32 or bf16.")]  # noqa: UP045
Set = Annotated[
    Optional[list[str]],  # noqa: UP045  (typer reads it at run time)
    typer.Option("--set", metavar="NAME=VALUE", help="Change any setting, by its path."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
