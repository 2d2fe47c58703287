"""The directive `method-table`: every named method, from its docstring and its tableau."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from fractions import Fraction

from sphinx.application import Sphinx

from robustlab_book.docstrings import sections
from robustlab_book.markdown import MarkdownDirective, escape, table

STEPS = 3  # enough to see the pattern of the weights


def implied(factory: Callable) -> tuple[str, str]:
    """Return what a method's loss gives the clean loss and each step's gain, for STEPS steps, as text."""
    from robustlab.objective import Tableau, implied_weights

    takes_steps = "steps" in inspect.signature(factory).parameters
    objective = (factory(steps=STEPS) if takes_steps else factory()).objective
    tableau = getattr(objective, "tableau", objective)
    if not isinstance(tableau, Tableau):  # a divergence is flat at the clean input: no gain of the loss enters
        return "1", "–"
    clean, steps = implied_weights(tableau)
    return _number(clean.item()), ", ".join(map(_number, steps.tolist())) or "–"


def _number(value: float) -> str:
    return str(Fraction(value).limit_denominator(60))


def typeset(text: str) -> str:
    """Escape a sentence and lower its indices: r_t, δ_t and r_{k-1}, but not step_size."""
    return re.sub(r"(?<=[A-Za-zΑ-ω‖])\\_(?:(\w\b|∞)|\\\{(.*?)\\\})", r"<sub>\1\2</sub>", escape(text))


class MethodTable(MarkdownDirective):
    """One row a method of `robustlab.methods.BY_NAME`."""

    def markdown(self) -> Iterable[str]:
        """A table of the methods, and what departs from a source below it."""
        from robustlab.methods import BY_NAME

        rows, departures = [], []
        for name, factory in BY_NAME.items():
            parts = sections(factory.__doc__)
            link = f"{{py:func}}`{name} <robustlab.methods.{factory.__name__}>`"
            rows.append([link, typeset(parts["Summary"]), *implied(factory), escape(parts.get("Source", "–"))])
            if "Departs" in parts:
                departures += ["", f"`{name}`", f": {typeset(parts['Departs'])}"]
        header = ["name", "what it is", "clean loss", f"steps 1…{STEPS}", "source"]
        yield from table(header, rows)
        if departures:
            yield "**Where we depart from the sources, and why**"
            yield from [*departures, ""]


def register(app: Sphinx) -> None:
    """Make the directive known."""
    app.add_directive("method-table", MethodTable)
