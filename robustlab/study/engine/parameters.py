"""A notebook's parameters: which it declares, and that none was injected that it does not know.

Papermill warns of an unknown parameter and goes on; the run then measures what nobody asked for.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from robustlab.study.engine.digests import PARAMETERS, parsed
from robustlab.study.engine.grid import known

NEEDED = ("profile", "cell", "store")
INJECTED = "# Parameters"  # the first line of the cell that papermill puts behind the notebook's own


def declared(file: Path) -> list[str]:
    """Names that a notebook's parameters cell assigns.

    Raises: ValueError: If it has no such cell.
    """
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if PARAMETERS in cell["metadata"].get("tags", ())]
    if len(tagged) != 1:
        raise ValueError(f"{file.name}: expected one cell with the tag {PARAMETERS!r}, found {len(tagged)}")
    return assigned("".join(tagged[0]["source"]))


def check_declared(file: Path, wanted: Sequence[str] = NEEDED) -> None:
    """Refuse a notebook that cannot be told which cell to make.

    Raises: ValueError: If a parameter is not declared; names it.
    """
    there = declared(file)
    lacking = [name for name in wanted if name not in there]
    if lacking:
        raise ValueError(f"{file.name}: its parameters cell lacks {', '.join(lacking)}; declare each as None")


def check_injected(file: Path, history: Sequence[str] | None = None) -> None:
    """Refuse parameters that the notebook does not have.

    Args:
        file: The notebook.
        history: Sources of the cells that ran; those of the present kernel where none are given.

    Raises: ValueError: If an injected cell assigns other names; names the nearest.
    """
    for source in _history() if history is None else history:
        if source.startswith(INJECTED):
            for name in assigned(source):
                known(name, declared(file), f"{file.name}: unknown parameter")


def assigned(source: str) -> list[str]:
    """Names that a cell assigns at its top level."""
    names = []
    for node in parsed(source, "a parameters cell").body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names


def _history() -> Sequence[str]:
    shell = sys.modules.get("IPython")
    running = None if shell is None else shell.get_ipython()
    return () if running is None else running.user_ns.get("In", ())
