"""The code that a step depends on: modules that its work imports, their imports and templates."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from voice2face.files import sha256_of

PACKAGE = "voice2face"
ROOT = Path(__file__).parents[2]  # the package's folder
CODE_DIGITS = 16
TEMPLATES = "templates"  # folder of a package that makes pages
# Settings and presets are known by their values; the registry of networks by their checksums.
BY_VALUE = ("voice2face.settings", "voice2face.networks.variants", "voice2face.assets.pretrained")


def code_of(*modules: str) -> str:
    """Checksum of modules and of all of the package that they import, wherever they do.

    Comments, docstrings and layout don't count; page templates that lie in their packages do.

    Args:
        modules: Full names.
    """
    digest = hashlib.sha256()
    for name in sorted(closure(*modules)):
        digest.update(f"{name} {_read(name)[0]}\n".encode())
        if (file := _file(name)).stem != "__init__":
            continue
        for template in sorted((file.parent / TEMPLATES).glob("*")):
            digest.update(f"{template.name} {sha256_of(template)}\n".encode())
    return digest.hexdigest()[:CODE_DIGITS]


def closure(*modules: str) -> set[str]:
    """Names of the modules, and of those of the package that they import, at any depth."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in BY_VALUE:
            found.add(name)
            waiting += _read(name)[1]
    return found


@cache
def _read(module: str) -> tuple[str, tuple[str, ...]]:
    """Checksum of a module's code, and which modules of the package it imports."""
    tree = ast.parse(_file(module).read_bytes())
    imported = tuple(dict.fromkeys(_imports(tree)))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            body[0] = ast.Pass()
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest(), imported


def _imports(tree: ast.AST) -> Iterator[str]:
    """Modules that are imported, with the packages that they lie in; not those for types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            if parts[0] == PACKAGE and _file(name).is_file():
                yield from (".".join(parts[:n]) for n in range(2, len(parts) + 1))
        yield from _imports(node)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _file(module: str) -> Path:
    """File of a module; one that does not exist if there is no such module."""
    path = ROOT.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
