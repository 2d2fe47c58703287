"""Docstrings as they are written (plain text, backticks, sections on one line) into what Sphinx reads.

Source: Zhu et al. (AAT), Eq. 12.       becomes a section of its own, as does a `Raises:` on one line;
an indented formula                     becomes a literal block;
`name`, [k b *site], ‖x‖_F              become literals and plain text instead of broken RST markup.
"""

from __future__ import annotations

import inspect
import re

from sphinx.application import Sphinx
from sphinx.config import Config

SECTIONS = ("Args", "Attributes", "Shapes", "Returns", "Yields", "Raises", "Source", "Departs")
FIELDS = ("Shapes", "Source", "Departs")  # our own: Napoleon need not know them
_HEADER = re.compile(rf"({'|'.join(SECTIONS)}):(?:\s+(\S.*))?$")


def sections(docstring: str | None) -> dict[str, str]:
    """Return the text of each section of a docstring on one line, and the first paragraph as "Summary"."""
    paragraphs: dict[str, list[str]] = {"Summary": []}
    current: str | None = "Summary"
    for line in inspect.cleandoc(docstring or "").splitlines():
        header = _HEADER.match(line)
        if header:
            current = header[1]
            paragraphs[current] = [header[2] or ""]
        elif not line and current == "Summary":
            current = None
        elif current and line:
            paragraphs[current].append(line)
    return {name: " ".join(" ".join(lines).split()) for name, lines in paragraphs.items() if any(lines)}


def to_rst(lines: list[str]) -> list[str]:
    """Translate a docstring, given and returned line by line."""
    translated: list[str] = []
    inside_section = inside_formula = False
    for previous, line in zip(["", *lines], lines, strict=False):
        header = _HEADER.match(line)
        indented = line.startswith("    ")
        if header:
            inside_section, inside_formula = True, False
            translated += ["", f":{header[1]}:" if header[1] in FIELDS else f"{header[1]}:"]
            translated += [f"    {_plain(header[2])}"] if header[2] else []
        elif inside_section and (indented or not line):
            translated.append(_plain(line))
        elif indented and (inside_formula or not previous):
            translated += [line] if inside_formula else [".. code-block:: text", "", line]
            inside_formula = True
        else:
            inside_section = inside_section and not line
            inside_formula = inside_formula and not line
            translated.append(_plain(line))
    return translated


def _plain(line: str) -> str:
    """Make backticks literals, and keep RST from reading anything else as markup; field names stay."""
    parts = re.split(r"(`[^`]+`)", line)
    parts[::2] = [re.sub(r"([*|]|(?<=\S)_(?=\W|$))", r"\\\1", part) for part in parts[::2]]
    parts[0] = re.sub(r"(^ *|: )(\w{1,2}\.)(?=$| )", r"\1\\\2", parts[0])  # "k." alone would start a numbered list
    parts[1::2] = [f"`{part}`" for part in parts[1::2]]
    return "".join(parts)


def _translate(app: Sphinx, what: str, name: str, object_: object, options: object, lines: list[str]) -> None:
    if name == "robustlab" or name.startswith("robustlab."):
        # Napoleon takes what stands before a colon on the first line of a property for its type.
        lines[:] = [*([""] if what in ("property", "attribute") else []), *to_rst(lines)]


def _leave_out(app: Sphinx, what: str, name: str, member: object, skip: bool, options: object) -> bool | None:
    # The fields of a named tuple are described in its docstring; Python's own text about them says nothing.
    return True if (inspect.getdoc(member) or "").startswith("Alias for field number") else None


def _configure(app: Sphinx, config: Config) -> None:
    # "Attributes:" becomes a list of fields: entries of their own would be named twice, by Napoleon and by autodoc, and
    # the annotations that it adds to them ("b *site") are no RST.
    config.napoleon_use_ivar = True
    config.napoleon_attr_annotations = False


def register(app: Sphinx) -> None:
    """Translate before Napoleon (priority 500) looks for sections."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("config-inited", _configure)
    app.connect("autodoc-process-docstring", _translate, priority=400)
    app.connect("autodoc-skip-member", _leave_out)
