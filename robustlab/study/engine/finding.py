"""Studies by name: those of the catalogue, and those of a file that a user writes."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from robustlab.study.engine.grid import Study, known


def studies(catalogue: str | Path | None = None) -> dict[str, Study]:
    """All studies by name; those of the file come first and may not take a name of the others.

    Args:
        catalogue: A Python file that defines `STUDIES`, a sequence of studies.

    Raises: ValueError: If the file is missing or defines none.
    """
    from robustlab.study.catalogue import STUDIES

    own = {} if catalogue is None else _read(Path(catalogue).expanduser())
    twice = sorted(own.keys() & STUDIES.keys())
    if twice:
        raise ValueError(f"{catalogue}: {', '.join(twice)} is in the catalogue already; give yours another name")
    return {**own, **STUDIES}


def find(name: str, catalogue: str | Path | None = None) -> Study:
    """A study by its name.

    Raises: ValueError: If there is none; names the nearest.
    """
    there = studies(catalogue)
    known(name, there, "unknown study")
    return there[name]


def _read(file: Path) -> Mapping[str, Study]:
    spec = importlib.util.spec_from_file_location("robustlab_user_studies", file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise ValueError(f"no catalogue {file}: expected a Python file that defines STUDIES")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = getattr(module, "STUDIES", None)
    if not found or not all(isinstance(one, Study) for one in found):
        raise ValueError(f"{file}: expected STUDIES, a sequence of robustlab.study.engine.grid.Study")
    return {one.name: one for one in found}
