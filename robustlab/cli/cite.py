"""`robustlab cite`: the BibTeX of the papers that methods come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer

import robustlab
from robustlab.cli import parsing, reporting
from robustlab.methods.sources import sources
from robustlab.papers import PAPERS, bibtex

SOFTWARE = """@software{{robustlab,
  author = {{{{The robustlab authors}}}},
  title = {{robustlab: adversarially robust training of language models}},
  version = {{{version}}},
  year = {{2026}}
}}"""


def run(names: Sequence[str], *, as_json: bool) -> None:
    """Print the references of the methods; those of robustlab itself where none is named.

    Raises: ValueError: If a name is unknown.
    """
    told = [entry(name) for name in names] or [itself()]
    if as_json:
        reporting.as_json_to_stdout(told)
        return
    keys = [key for one in told for key in one["keys"]]
    typer.echo("\n\n".join([text for text in (*([software()] if not names else []), bibtex(keys)) if text]))


def entry(name: str) -> dict[str, Any]:
    """What there is to cite for a method."""
    known = sources()
    if name not in known:
        raise ValueError(f"unknown method {name!r}: {parsing.guess(name, known)}")
    found = known[name]
    return {
        "name": name,
        "keys": list(found.keys),
        "places": {place.key: place.where for place in found.places},
        "values": [asdict(value) for value in found.values],
        "note": found.note,
        "bibtex": bibtex(found.keys),
    }


def itself() -> dict[str, Any]:
    """What there is to cite for robustlab."""
    return {"name": "robustlab", "keys": list(PAPERS), "bibtex": f"{software()}\n\n{bibtex(PAPERS)}"}


def software() -> str:
    """This package, at its version."""
    return SOFTWARE.format(version=robustlab.__version__)
