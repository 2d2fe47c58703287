"""The directive `source-index`: where the public names whose docstrings cite a paper depart from it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from typing import ClassVar

from docutils.parsers.rst import directives
from sphinx.application import Sphinx

from robustlab_book.docstrings import sections
from robustlab_book.markdown import MarkdownDirective, escape


def cited(packages: Iterable[str], paper: str) -> Iterator[tuple[str, str, str]]:
    """Yield (qualified name, source, departure) of each public class and function whose `Source:` names the paper."""
    for module in _modules(packages):
        for name, member in vars(module).items():
            ours = getattr(member, "__module__", None) == module.__name__
            if name.startswith("_") or not ours or not (inspect.isclass(member) or inspect.isfunction(member)):
                continue
            parts = sections(member.__doc__)
            if paper in parts.get("Source", ""):
                yield f"{module.__name__}.{name}", parts["Source"], parts.get("Departs", "")


def _modules(packages: Iterable[str]) -> Iterator[object]:
    for package in packages:
        module = importlib.import_module(package)
        yield module
        for found in pkgutil.iter_modules(getattr(module, "__path__", []), f"{package}."):
            yield importlib.import_module(found.name)


class SourceIndex(MarkdownDirective):
    """The names of the listed packages that cite a paper and depart from it."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"paper": directives.unchanged_required}

    def markdown(self) -> Iterable[str]:
        """A list of names, each with its departure and its source below it."""
        rows = [row for row in cited(self.arguments[0].split(), self.options["paper"]) if row[2]]
        if not rows:
            raise self.error(
                f"no docstring of {self.arguments[0]} that names {self.options['paper']!r} departs from it"
            )
        for name, source, departure in rows:
            yield from (
                "",
                f"`{name.removeprefix('robustlab.')}`",
                f": {escape(departure)}",
                "",
                f"  *{escape(source)}*",
            )
        yield ""


def register(app: Sphinx) -> None:
    """Make the directive known."""
    app.add_directive("source-index", SourceIndex)
