"""How large the program is: files, lines of code, functions; target: 0 circles of imports.

A line of code is one that is not blank, no docstring and no comment. Imports are those of a whole
module; what a function imports when it is called is left out, as are imports for types alone.
"""

import ast
import io
import statistics
import tokenize
from collections.abc import Iterator
from pathlib import Path

import voice2face
from benchmarks.harness import Figure, Result, figure
from benchmarks.inputs import Inputs

PACKAGE = Path(voice2face.__file__).parent
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
WITHOUT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
                tokenize.ENCODING, tokenize.ENDMARKER}  # fmt: skip


def measure(inputs: Inputs) -> Result:
    """The size of the installed package; ``inputs`` is not used."""
    files = sorted(PACKAGE.rglob("*.py"))
    lines = [n_code_lines(path) for path in files]
    functions = [length for path in files for length in function_lengths(path)]
    circles = import_circles(module_imports(PACKAGE))
    figures: list[Figure] = [
        figure("files", [len(files)]),
        figure("lines of code", [sum(lines)]),
        figure("lines of all kinds in the longest file", [max(map(n_lines, files))]),
        figure("functions", [len(functions)]),
        figure("lines of a function, mean", [statistics.mean(functions)]),
        figure("lines of the longest function", [max(functions)]),
        figure("functions of more than 40 lines", [sum(n > 40 for n in functions)]),
        figure("modules in circles of imports", [sum(map(len, circles))], at_most=0),
    ]
    return Result("python -m benchmarks structure", tuple(figures), {"circles": circles})


def n_lines(path: Path) -> int:
    """Lines of all kinds."""
    return len(path.read_text("utf-8").splitlines())


def n_code_lines(path: Path) -> int:
    """Lines that are not blank, no docstring and no comment."""
    text = path.read_text("utf-8")
    code = {
        line
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in WITHOUT_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(code - set(_docstring_lines(ast.parse(text))))


def _docstring_lines(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)) and ast.get_docstring(node):
            first = node.body[0]
            yield from range(first.lineno, (first.end_lineno or first.lineno) + 1)


def function_lengths(path: Path) -> list[int]:
    """Lines of each function, its docstring left out."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, FUNCTIONS):
            last = node.end_lineno or node.lineno
            docstring = node.body[0] if ast.get_docstring(node) else None
            spared = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
            found.append(last - node.lineno + 1 - spared)
    return found


def module_imports(package: Path) -> dict[str, set[str]]:
    """For each module of a package, those that are read when it is imported."""
    root = package.parent
    names = {_name(path, root): path for path in package.rglob("*.py")}
    return {name: set(_imported(path, names)) - {name} for name, path in names.items()}


def _name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(path: Path, names: dict[str, Path]) -> Iterator[str]:
    for node in _at_import(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module in names:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & set(names)
            # `from package import module` takes the module; its package is imported on the way.
            yield from submodules or {node.module}


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Statements that run when a module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS) or _is_for_types(child):
            continue
        yield child
        yield from _at_import(child)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def import_circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Modules that import each other, directly or by way of others: one list a circle."""
    reached = {name: _reachable(name, imports) for name in imports}
    circles = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in imports
        if name in reached[name]
    }
    return [list(circle) for circle in sorted(circles)]


def _reachable(start: str, imports: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(imports[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += imports[name]
    return found
