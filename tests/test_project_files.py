"""Files beside the code that say again what stands elsewhere: they must say the same."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import voice2face

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOW = ROOT / ".github/workflows/test.yml"
HOOKS = ROOT / ".pre-commit-config.yaml"


def pins(name: str) -> dict[str, str]:
    """Versions by the name of the package, of a file of constraints."""
    lines = (ROOT / "constraints" / name).read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    assert len({canonicalize_name(name) for name, _ in pairs}) == len(pairs), "one line each"
    return {canonicalize_name(name): version for name, version in pairs}


def requirements() -> list[Requirement]:
    """All dependencies, of whichever extra; not those that name an extra of this package."""
    every = chain(PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    found = [Requirement(text) for text in every]
    return [wanted for wanted in found if wanted.name != "voice2face"]


@pytest.mark.parametrize("wanted", requirements(), ids=str)
def test_a_dependency_is_pinned_as_tested_and_its_lower_bound_as_oldest(wanted):
    name = canonicalize_name(wanted.name)
    assert wanted.specifier.contains(pins("tested.txt")[name])
    for bound in wanted.specifier:
        assert bound.operator == ">="
        oldest, allowed = (
            Version(text).release for text in (pins("oldest.txt")[name], bound.version)
        )
        assert oldest[: len(allowed)] == allowed
        assert not any(oldest[len(allowed) :]) or name == "opencv-python-headless"


def test_no_constraint_is_left_over():
    named = {canonicalize_name(wanted.name) for wanted in requirements()}
    assert set(pins("oldest.txt")) <= named | {"mkdocstrings-python"}


def test_extras_name_extras():
    for wanted in map(Requirement, chain(*PROJECT["optional-dependencies"].values())):
        if wanted.name == "voice2face":
            assert wanted.extras <= set(PROJECT["optional-dependencies"])


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == voice2face.__version__
    own, *others = PROJECT["license"].split(" AND ")  # others: of what comes with it
    assert citation["license"] == own and others == ["MIT", "CC-BY-4.0"]
    assert {"message", "title", "authors"} <= set(citation)


def made() -> set[str]:
    """What `make` makes."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_workflow_and_hooks_run_what_make_runs():
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    lines = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert ".ci/run" in lines
    assert "make --jobs=2 test" in (ROOT / ".ci/run").read_text()
    (hooks,) = (repo["hooks"] for repo in yaml.safe_load(HOOKS.read_text())["repos"])
    for line in [line for line in lines if line != ".ci/run"] + [hook["entry"] for hook in hooks]:
        program, *targets = line.split()
        assert program == "make"
        assert set(targets) <= made()
    (parts,) = re.findall(r"^test: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {f"make {part}" for part in parts.split()} == {hook["entry"] for hook in hooks}


def test_the_workflow_takes_each_python_that_the_package_names():
    matrix = yaml.safe_load(WORKFLOW.read_text())["jobs"]["test"]["strategy"]["matrix"]["python"]
    named = [line.rpartition(" :: ")[2] for line in PROJECT["classifiers"] if ":: 3." in line]
    assert matrix == named
    assert PROJECT["requires-python"] == f">={named[0]}"
