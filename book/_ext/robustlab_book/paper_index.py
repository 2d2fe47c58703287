"""The directives `method-sources` and `equation-sources`: from a paper to our code, and back.

Written for narrow screens: a part a method and a line an equation, where a table would need five columns.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from docutils.parsers.rst import directives
from sphinx.application import Sphinx

from robustlab.methods.sources import Place, Provenance, Value
from robustlab.papers import AAT, reported
from robustlab_book.docstrings import sections
from robustlab_book.markdown import MarkdownDirective, escape, table
from robustlab_book.method_table import typeset
from robustlab_book.source_index import cited

DATASETS = {"sst2": "SST-2", "qnli": "QNLI", "imdb": "IMDB", "agnews": "AG News"}
MEASURES = {
    "clean": "clean",
    "textfooler": "TextFooler",
    "textbugger": "TextBugger",
    "bae": "BAE",
    "advglue": "AdvGLUE",
}
# "Eq. 9", "Eqs. 3 and 5-8", "Table 6", "Tables 2-5, 9": a kind, then numbers and ranges.
_PLACES = re.compile(r"\b(Eq|Table|Algorithm|Figure)s?\.? (\d+(?:-\d+)?(?:(?:, and |, | and )\d+(?:-\d+)?)*)")
ORDER = ("Eq", "Algorithm", "Table", "Figure")


def method(name: str, factory: Callable, found: Provenance) -> Iterator[str]:
    """The part of a method: what it is, where it comes from, what is quoted, what departs."""
    parts = sections(factory.__doc__)
    yield from (f"({anchor(name)})=", f"### {escape(name)}", "", typeset(parts["Summary"]), "")
    yield f"- **Here:** {{py:func}}`robustlab.methods.{factory.__name__}`"
    yield f"- **From:** {'; '.join(map(place, found.places))}"
    for value in found.values:
        yield f"- **Quoted:** {quoted(value)}"
    if "Departs" in parts:
        yield f"- **Departs:** {typeset(parts['Departs'])}"
    if found.note:
        yield f"- **Note:** {escape(found.note)}"
    yield from ["", *results(name)]


def anchor(name: str) -> str:
    """Where the part of a method is on the page: freelb++ is at source-of-freelb-plus-plus."""
    return f"source-of-{name.replace('+', '-plus')}"


def paper(key: str) -> str:
    """A citation; the paper that the page is about by its short name."""
    return "AAT" if key == AAT else f"{{cite:t}}`{key}`"


def place(where: Place) -> str:
    """A paper as a citation, and the place in it."""
    return paper(where.key) + (f", {escape(where.where)}" if where.where else "")


def quoted(value: Value) -> str:
    """A value as a paper states it, and which parameter of ours has it."""
    where = f", {escape(value.where)}" if value.where else ""
    ours = f"; our default of `{value.argument}`" if value.argument else ""
    number = f"{value.value:g}" if isinstance(value.value, int | float) else value.value
    return f"{escape(value.name)} = {escape(number)} ({paper(value.key)}{where}){ours}"


def results(name: str) -> list[str]:
    """What the adaptive-training paper reports for a method, data sets in columns; nothing where it reports nothing."""
    found = reported(name)
    if not found:
        return []
    rows = [
        [label, *(f"{of[measure]:.2f}" if measure in of else "–" for of in found.values())]
        for measure, label in MEASURES.items()
    ]
    return table(["AAT, %", *(DATASETS[dataset] for dataset in found)], rows)


def numbered(source: str, paper: str) -> Iterator[tuple[str, int]]:
    """The equations, algorithms, tables and figures that a `Source:` line gives of a paper, before it names another."""
    _, _, told = source.partition(paper)
    told = re.split(r"\([^)]*\d{4}\)", told)[0]
    for kind, numbers in _PLACES.findall(told):
        for first, last in re.findall(r"(\d+)(?:-(\d+))?", numbers):
            yield from ((kind, number) for number in range(int(first), int(last or first) + 1))


def equations(packages: Iterable[str], paper: str) -> dict[tuple[str, int], list[str]]:
    """Our public names by the numbered place of the paper that their docstrings cite, in the paper's order."""
    found: dict[tuple[str, int], list[str]] = {}
    for name, source, _ in cited(packages, paper):
        for number in dict.fromkeys(numbered(source, paper)):
            found.setdefault(number, []).append(name)
    return dict(sorted(found.items(), key=lambda item: (ORDER.index(item[0][0]), item[0][1])))


def link(name: str, described: Mapping[str, str]) -> str:
    """A name as a link to where it is described; as code where it is not."""
    short = name.rpartition(".")[2]
    return f"{{py:obj}}`{short} <{described[name]}>`" if name in described else f"`{name.removeprefix('robustlab.')}`"


def documented(folder: Path) -> dict[str, str]:
    """The names that the pages of `folder` describe, by where they are defined: `module.name` there, as they link."""
    found: dict[str, str] = {}
    for page in sorted(folder.glob("*.md")):
        for name, members in re.findall(r"automodule:: (\S+)\n +:members:(.*)", page.read_text(encoding="utf-8")):
            module = importlib.import_module(name)
            ours = [one for one, member in vars(module).items() if getattr(member, "__module__", None) == name]
            for one in [part for part in members.split(", ") if part.strip()] or getattr(module, "__all__", ours):
                member = getattr(module, one.strip())
                if inspect.isclass(member) or inspect.isfunction(member):
                    found[f"{member.__module__}.{member.__name__}"] = f"{name}.{one.strip()}"
    return found


class MethodSources(MarkdownDirective):
    """One part a method of `robustlab.methods.BY_NAME`."""

    def markdown(self) -> Iterable[str]:
        """Links to the parts, and the parts; their headings are no sections of the page, since a directive has none."""
        from robustlab.methods import BY_NAME
        from robustlab.methods.sources import sources

        known = sources()
        yield from (" · ".join(f"[{escape(name)}](#{anchor(name)})" for name in BY_NAME), "")
        for name, factory in BY_NAME.items():
            if name not in known:
                raise self.error(f"method {name} has no section in robustlab/methods/sources.toml")
            yield from method(name, factory, known[name])


class EquationSources(MarkdownDirective):
    """One line for each numbered place of a paper that docstrings of the listed packages cite."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"paper": directives.unchanged_required}

    def markdown(self) -> Iterable[str]:
        """A list of places and of names that link to where they are described."""
        found = equations(self.arguments[0].split(), self.options["paper"])
        described = documented(Path(self.env.srcdir) / "book" / "api")
        if not found:
            raise self.error(f"no docstring of {self.arguments[0]} names a place in {self.options['paper']!r}")
        for (kind, number), names in found.items():
            label = f"{kind}. {number}" if kind == "Eq" else f"{kind} {number}"
            yield f"- **{label}:** {', '.join(link(name, described) for name in names)}"


def register(app: Sphinx) -> None:
    """Make the directives known."""
    app.add_directive("method-sources", MethodSources)
    app.add_directive("equation-sources", EquationSources)
