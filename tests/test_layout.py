"""Imports run one way: between modules, and between the rooms (folders) of the package."""

from benchmarks.structure import PACKAGE, import_circles, module_imports

IMPORTS = module_imports(PACKAGE)


def room(module: str) -> str:
    """The folder that a module lies in; the module itself where it lies in none."""
    return ".".join(module.split(".")[:2])


def test_modules_import_one_another_in_no_circle():
    assert import_circles(IMPORTS) == []
    assert len(IMPORTS) > 100


def test_rooms_import_one_another_in_no_circle():
    rooms: dict[str, set[str]] = {room(module): set() for module in IMPORTS}
    for module, imported in IMPORTS.items():
        rooms[room(module)] |= {room(other) for other in imported} - {room(module)}
    assert import_circles(rooms) == []


def test_a_circle_would_be_found():
    assert import_circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c"]]
