"""Whatever comes from a paper says which; the book's paper index relies on it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCED = sorted(
    [*ROOT.glob("robustlab/ascent/*.py"), *ROOT.glob("robustlab/objective/*.py"), *ROOT.glob("robustlab/methods/*.py")]
)
PACKAGE = sorted(ROOT.glob("robustlab/**/*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 250, 40


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def public(path: Path) -> list[ast.FunctionDef | ast.ClassDef]:
    """The public functions and classes at the top of a module."""
    body = ast.parse(path.read_text()).body
    return [n for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_")]


@pytest.mark.parametrize("path", SOURCED, ids=name_of)
def test_what_comes_from_a_paper_names_its_source(path: Path) -> None:
    without = [node.name for node in public(path) if "Source:" not in (ast.get_docstring(node) or "")]
    assert not without, f"{name_of(path)}: no `Source:` line in {', '.join(without)}"


@pytest.mark.parametrize("path", PACKAGE, ids=name_of)
def test_every_public_name_has_a_docstring(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), f"{name_of(path)} has no docstring"
    without = [node.name for node in public(path) if not ast.get_docstring(node)]
    assert not without, f"{name_of(path)}: no docstring in {', '.join(without)}"


@pytest.mark.parametrize("path", PACKAGE, ids=name_of)
def test_files_and_functions_stay_short(path: Path) -> None:
    source = path.read_text()
    assert source.count("\n") <= LONGEST_FILE, f"{name_of(path)} has more than {LONGEST_FILE} lines"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            # The body counts: a signature of many keywords, one a line, is long and not complicated.
            first = node.body[1 if ast.get_docstring(node) and len(node.body) > 1 else 0]
            length = node.end_lineno - first.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{name_of(path)}: the body of {node.name} has {length} lines"
