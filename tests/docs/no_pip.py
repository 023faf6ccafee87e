"""``pip install`` in a page: nothing is installed, the extras that it names must exist."""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
if sys.argv[1:2] != ["install"]:
    sys.exit(f"pip {' '.join(sys.argv[1:])}: not an installation")
for word in sys.argv[2:]:
    if extras := re.fullmatch(r"(?:\.|voice2face)\[([\w,-]+)\]", word):
        if unknown := set(extras[1].split(",")) - set(project["optional-dependencies"]):
            sys.exit(f"pip install {word}: no extra {', '.join(unknown)}")
    elif word.startswith("-") or word not in (".", "voice2face", "torch"):
        sys.exit(f"pip install {word}: not understood by the test")
