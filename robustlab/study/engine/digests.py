"""What a cell's numbers depend on, as digests: the code of a notebook, and of the package as far as it is imported.

Neither prose, nor comments, nor docstrings, nor how a line is set counts: only what runs.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = "robustlab"
Notebook = Mapping[str, Any]
PLUMBING = ("robustlab.study.engine", "robustlab.study.catalogue")
"""Decides which rows are made and where they are kept, and none of their numbers: grids change, rows stay."""
MEASURED = "rows"
"""Tag of the cell that makes the rows: what stands behind it shows them and makes none."""
PARAMETERS = "parameters"


def measuring(notebook: Notebook) -> list[Notebook]:
    """The cells of a notebook up to the one that makes its rows.

    Raises: ValueError: If no cell is tagged, or more than one.
    """
    tagged = [place for place, cell in enumerate(notebook["cells"]) if MEASURED in cell["metadata"].get("tags", ())]
    if len(tagged) != 1:
        raise ValueError(
            f"expected one cell with the tag {MEASURED!r}, found {len(tagged)}: tag the cell that measures"
        )
    return notebook["cells"][: tagged[0] + 1]


def code(notebook: Notebook) -> list[str]:
    """The source of each code cell that a row depends on; parameters are part of a cell's key by their values."""
    cells = [cell for cell in measuring(notebook) if cell["cell_type"] == "code"]
    return ["".join(cell["source"]) for cell in cells if PARAMETERS not in cell["metadata"].get("tags", ())]


def of_notebook(file: Path) -> str:
    """The digest of what a notebook's rows depend on: its own code and the part of the package that this imports."""
    notebook = json.loads(file.read_text(encoding="utf-8"))  # format 4, whose sources are a text or its lines
    trees = [parsed(source, f"{file.name}, a code cell") for source in code(notebook)]
    digest = hashlib.sha256(of_modules(_imported(trees)).encode())
    for tree in trees:
        digest.update(b"\0" + shape(tree).encode())
    return digest.hexdigest()


def of_modules(names: Iterable[str]) -> str:
    """The digest of modules of the package and all that they import from it: for what a study keeps between cells."""
    digest = hashlib.sha256()
    for name in closure(names):
        digest.update(name.encode() + b"\0" + _module(name)[0].encode() + b"\0")
    return digest.hexdigest()


def closure(names: Iterable[str]) -> list[str]:
    """Modules of the package, with all that they import from it, at any depth and wherever in a function."""
    found: set[str] = set()
    waiting = [part for name in names for part in _resolved(name)]
    while waiting:
        name = waiting.pop()
        if name not in found and not name.startswith(PLUMBING):
            found.add(name)
            waiting += [part for imported in _module(name)[1] for part in _resolved(imported)]
    return sorted(found)


def parsed(source: str, where: str) -> ast.Module:
    """A cell's code as a tree.

    Raises: ValueError: If it is not plain Python.
    """
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise ValueError(
            f"{where}, line {error.lineno}: expected plain Python before the rows are made, got {error.text!r}"
        ) from error


def shape(node: Any) -> str:
    """A tree in a form that is the same on every Python version: what is empty is left out, so are docstrings."""
    if isinstance(node, list):
        return f"[{','.join(map(shape, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for name, value in ast.iter_fields(node):
        if name in ("kind", "type_comment", "ctx"):
            continue
        if name == "body" and isinstance(value, list):
            value = [one for one in value if not _is_text(one)]
        if value is not None and value != []:
            fields.append(f"{name}={shape(value)}")
    return f"{type(node).__name__}({','.join(fields)})"


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is nothing but a string: a docstring, of a value as well."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _imported(trees: Iterable[ast.AST], package: str = "") -> Iterator[str]:
    """Dotted names that are imported from the package: modules, and what may be modules or names inside them."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if _ours(alias.name))
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    up = package.split(".")[: len(package.split(".")) - node.level + 1]
                    base = ".".join([*up, *([node.module] if node.module else [])])
                if _ours(base):
                    yield base
                    yield from (f"{base}.{alias.name}" for alias in node.names)


def _ours(name: str) -> bool:
    return name == PACKAGE or name.startswith(PACKAGE + ".")


def _resolved(name: str) -> list[str]:
    """A dotted name as the modules that importing it runs: the module, if it is one, and the packages around it."""
    parts = name.split(".")
    chain = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
    return [module for module in chain if _file(module) is not None]


@cache
def _file(name: str) -> Path | None:
    """A module's source, found without running the module."""
    root = importlib.util.find_spec(PACKAGE)
    if root is None or not root.submodule_search_locations:
        return None
    place = Path(root.submodule_search_locations[0]).joinpath(*name.split(".")[1:])
    for file in (place / "__init__.py", place.with_suffix(".py")):
        if file.is_file() and (name != PACKAGE or file.name == "__init__.py"):
            return file
    return None


@cache
def _module(name: str) -> tuple[str, tuple[str, ...]]:
    """A module's shape, and what it imports from the package; and the files of data beside it count as well."""
    file = _file(name)
    if file is None:
        raise ValueError(f"{name} is no module of {PACKAGE}")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    told = shape(tree)
    if file.name == "__init__.py":
        told += "".join(_data(file.parent))
    return told, tuple(_imported([tree], package))


def _data(folder: Path) -> Iterator[str]:
    """Digests of the tables that a package ships beside its code."""
    for file in sorted(folder.glob("*")):
        if file.suffix in (".toml", ".csv", ".json", ".jsonl", ".txt") and file.is_file():
            yield f"{file.name}:{hashlib.sha256(file.read_bytes()).hexdigest()}"
