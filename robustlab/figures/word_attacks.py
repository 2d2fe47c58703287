"""One attack on words, step by step: the parts it is built of, its ranking, its candidates and its path."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from robustlab.figures.style import INK, colour

if TYPE_CHECKING:
    from robustlab.evaluation.attack.attacking import Attacker
    from robustlab.evaluation.attack.tracing import Candidate, Step, Trace

_RANKING, _ASKED, _ACCEPTED = INK, colour("pgd"), colour("adaptive-pgd")
# Settings of TextAttack's parts that say what an attack may do, and how a table calls them.
_SETTINGS = {
    "wir_method": "",
    "max_candidates": "at most ",
    "min_cos_sim": "cosine ≥ ",
    "metric": "",
    "threshold": "≥ ",
    "window_size": "window ",
}


def parts_table(attackers: Mapping[str, Attacker], resources: Mapping[str, Sequence[str]]) -> str:
    """Tabulate recipes by TextAttack's four parts as they are built, and by what they read, as HTML.

    Args:
        attackers: Name of a recipe -> the recipe, built.
        resources: Name of a recipe -> names of the resources that it needs as published.
    """
    rows = []
    for name, attacker in attackers.items():
        attack = attacker.attack
        constraints = [*attack.pre_transformation_constraints, *attack.constraints]
        rows.append(
            (
                name,
                _part(attack.goal_function),
                "; ".join(map(_part, getattr(attack.transformation, "transformations", [attack.transformation]))),
                "; ".join(map(_part, constraints)),
                _part(attack.search_method),
                ", ".join(resources[name]),
            )
        )
    return _table(("recipe", "goal", "transformation", "constraints", "search", "reads, as published"), rows)


def _part(part: Any) -> str:
    """A part's class, and the settings that matter."""
    told = [
        f"{spelled}{value:.3g}" if isinstance(value, float) else f"{spelled}{value}"
        for name, spelled in _SETTINGS.items()
        if (value := getattr(part, name, None)) is not None and value != float("inf")
    ]
    return type(part).__name__ + (f" ({', '.join(told)})" if told else "")


def draw_ranking(trace: Trace) -> Figure:
    """The probability that the label loses without each word, in the order of the text; forbidden words have none."""
    first = trace.probabilities[0]
    figure, axes = plt.subplots(figsize=(5.6, 0.9 + 0.27 * len(trace.words)))
    for position in range(len(trace.words)):
        if position in trace.ranking:
            drop = first - trace.ranking[position]
            axes.barh(position, drop, color=_ACCEPTED if drop > 0 else _ASKED, height=0.7)
        else:
            axes.text(0, position, f" {_spaced(trace.kept[position])}", va="center", fontsize="small", style="italic")
    axes.set_yticks(range(len(trace.words)), trace.words)
    axes.set_ylim(len(trace.words) - 0.4, -0.6)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.grid(visible=False, axis="y")
    axes.set(xlabel="probability that the label loses without the word")
    return figure


def candidates_table(step: Step, names: Mapping[str, str]) -> str:
    """Tabulate what one turn was offered, as HTML: each candidate, what rejected it, and the label's probability.

    Args:
        step: The turn.
        names: Class of a constraint -> what it is called here.
    """
    order = sorted(step.candidates, key=lambda one: (one.rejected is not None, one.probability or 0, one.word))
    rows = [
        (one.word, names.get(one.rejected, one.rejected) if one.rejected else "–", _number(one), _fate(step, one))
        for one in order
    ]
    return _table((f"instead of “{step.word}”", "rejected by", "probability of the label", ""), rows)


def steps_table(trace: Trace) -> str:
    """Tabulate the turns of an attack as HTML: how many candidates there were and survived, and what was accepted."""
    rows = [
        (
            number,
            step.word,
            len(step.candidates),
            sum(one.rejected is None for one in step.candidates),
            step.accepted.word if step.accepted else "kept",
            f"{(step.accepted.probability or 0) if step.accepted else step.before:.2f}",
            step.queries,
        )
        for number, step in enumerate(trace.steps, start=1)
    ]
    return _table(("turn", "word", "candidates", "survivors", "becomes", "probability after", "queries so far"), rows)


def draw_path(trace: Trace) -> Figure:
    """The label's probability in each text that was asked about, in the order of the queries, and the accepted ones."""
    figure, axes = plt.subplots()
    ranked = 1 + len(trace.ranking)
    numbers = range(1, len(trace.probabilities) + 1)
    axes.axvspan(1.5, ranked + 0.5, color=_RANKING, alpha=0.15, linewidth=0)
    axes.plot(numbers, trace.probabilities, color=_ASKED, marker="o", markersize=4, linestyle="none")
    edges, levels = [1], [trace.probabilities[0]]  # of the present text: the written one until a swap is accepted
    for number, step in enumerate(step for step in trace.steps if step.accepted is not None):
        query, level, word = _accepted(step)
        edges.append(query)
        levels.append(level)
        axes.plot(query, level, color=_ACCEPTED, marker="*", markersize=11)
        place = {
            "xytext": (0, 9 if number % 2 == 0 else -16),
            "textcoords": "offset points",
        }  # neighbours would overlap
        axes.annotate(word, (query, level), ha="center", fontsize="small", **place)
    axes.step([*edges, len(trace.probabilities)], [*levels, levels[-1]], where="post", color=_ACCEPTED, linewidth=1.2)
    axes.axhline(0.5, color=INK, linestyle="--", linewidth=1)
    handles = [
        Patch(color=_RANKING, alpha=0.15, label="ranking: a word left out"),
        Line2D([], [], color=_ASKED, marker="o", markersize=4, linestyle="none", label="text asked about"),
        Line2D([], [], color=_ACCEPTED, marker="*", markersize=11, linewidth=1.2, label="accepted; the present text"),
    ]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=3, fontsize="small")
    axes.set(xlabel="query", ylabel="probability of the label", ylim=(-0.05, 1.05))
    return figure


def _accepted(step: Step) -> tuple[int, float, str]:
    """When the search asked about what it then accepted, what it was told, and the word."""
    asked = [one for one in step.candidates if one.probability is not None]  # the last queries of the turn
    taken = asked.index(step.accepted) if step.accepted in asked else -1
    return step.queries - len(asked) + 1 + taken, asked[taken].probability or 0.0, asked[taken].word


def _fate(step: Step, candidate: Candidate) -> str:
    return "accepted" if candidate == step.accepted else ""


def _number(candidate: Candidate) -> str:
    return "not asked" if candidate.probability is None else f"{candidate.probability:.3f}"


def _spaced(name: str) -> str:
    """`StopwordModification` -> `stopword`: what forbids a change, in the space of a bar."""
    return name.removesuffix("Modification").lower() or name


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    # HTML, because Jupyter Book reads Markdown outputs as CommonMark, which has no tables.
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
