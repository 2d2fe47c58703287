"""The directive `recorded-results`: the runs of book/results beside the paper's numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from robustlab import papers
from robustlab_book.markdown import MarkdownDirective, escape, table
from robustlab_book.results import (
    DYNAMICS,
    MEASURES,
    SHARED,
    Interval,
    Row,
    Summary,
    read,
    sampling_error,
    summarise,
)

# Zhu et al. (AAT), Table 2: BERT-base on SST-2, clean accuracy and accuracy on AdvGLUE in percent, one number each.
PAPER = {row["method"]: {measure: row[measure] for measure in ("clean", "advglue")} for row in papers.table(2)}
PAPER_SETTINGS = {
    "model": "BERT-base",
    "train_size": "67349",
    "epochs": "10",
    "batch_size": "128",
    "learning_rate": "not stated",
    "steps": "not stated (5 in Table 10)",
    "step_size": "0.04",
    "seeds": "not stated",
}
NAMES = {
    "model": "model", "train_size": "training sentences", "epochs": "epochs", "batch_size": "batch size",
    "learning_rate": "learning rate", "steps": "steps k", "step_size": "step size α", "seeds": "seeds",
}  # fmt: skip
EMPTY = "*No rows are recorded yet: nothing on this page has been measured by us.*"


def comparison(summaries: Iterable[Summary]) -> list[str]:
    """A table of one group of runs: measured with its interval, and the paper's number beside it."""
    summaries = sorted(summaries, key=_order)
    clean, adv = (summaries[0].examples[measure] for measure in MEASURES)
    rows = [
        [
            *_setting(summary),
            str(len(summary.seeds)),
            *(text for m in MEASURES for text in (_interval(summary.accuracy[m]), _paper(summary, m))),
        ]
        for summary in summaries
    ]
    header = ["method", "k", "α", "β", "seeds", f"clean % (n = {clean})", "paper", f"AdvGLUE % (n = {adv})", "paper"]
    return table(header, rows)


def dynamics(summaries: Iterable[Summary]) -> list[str]:
    """A table of what else was measured of the runs that take steps; nothing where nothing was."""
    rows = [
        [
            *_setting(summary),
            *(_dynamic(summary, name) for name in DYNAMICS),
            " / ".join(f"{w:.3f}" for w in summary.weights) if summary.weights else "–",
        ]
        for summary in sorted(summaries, key=_order)
        if summary.dynamics or summary.weights
    ]
    header = ["method", "k", "α", "β", "under PGD %", "cosine of steps", "length of offset", "w at the end"]
    return table(header, rows) if rows else []


def noise(summaries: Iterable[Summary]) -> str:
    """A sentence on the error that the reported sentences alone leave, at its largest in the group."""
    summaries = list(summaries)
    clean, adv = (
        max(sampling_error(s.accuracy[measure].mean, s.examples[measure]) for s in summaries) for measure in MEASURES
    )
    return (
        "The intervals (95 %, Student's t) are over seeds. They leave out that the reported sentences are "
        f"a sample too, worth up to ±{clean:.1f} points of clean accuracy and ±{adv:.1f} points on AdvGLUE."
    )


def differences(rows: Iterable[Row]) -> list[str]:
    """A table of the settings that differ from the paper's."""
    rows = list(rows)
    lines = []
    for name, paper in PAPER_SETTINGS.items():
        # The clean loss takes no steps: what `standard` records there is not a setting.
        relevant = [row for row in rows if row["method"] != "standard"] if name in ("steps", "step_size") else rows
        values = sorted({row["seed" if name == "seeds" else name] for row in relevant}, key=str)
        here = ", ".join(_cell(value) for value in values)
        if here != paper:
            lines.append([NAMES[name], paper, here or "–"])
    return table(["setting", "paper (Table 2)", "recorded"], lines)


def provenance(rows: Iterable[Row]) -> str:
    """Dates, devices, commits and versions of a group of runs, on one line."""
    rows = list(rows)
    parts = [f"{name} {', '.join(sorted({escape(str(row[key])) for row in rows}))}" for name, key in _PROVENANCE]
    versions = sorted({f"{name} {number}" for row in rows for name, number in (row.get("versions") or {}).items()})
    parts += [f"versions {escape(', '.join(versions))}"] if versions else []
    return f"Recorded: {len(rows)} runs; " + "; ".join(parts) + "."


_PROVENANCE = (("date", "date"), ("device", "device"), ("commit", "commit"))


def _order(summary: Summary) -> tuple[int, str, tuple[float, float]]:
    method = summary.settings["method"]
    rank = list(PAPER).index(method) if method in PAPER else len(PAPER)
    return rank, method, (summary.settings["step_size"] or 0.0, summary.settings.get("beta") or 0.0)


def _setting(summary: Summary) -> list[str]:
    settings = summary.settings
    numbers = (settings["steps"], settings["step_size"], settings.get("beta"))
    return [f"`{settings['method']}`", *map(_cell, numbers)]


def _dynamic(summary: Summary, name: str) -> str:
    value = summary.dynamics.get(name)
    if value is None:
        return "–"
    return f"{100 * value:.1f}" if name.endswith("accuracy") else f"{value:.3f}"


def _interval(value: Interval) -> str:
    if value.low is None or value.high is None:
        return f"{value.mean:.1f} (one seed)"
    return f"{value.mean:.1f} ({value.low:.1f} to {value.high:.1f})"


def _paper(summary: Summary, measure: str) -> str:
    own = summary.settings.get("beta") is None  # the paper's runs have the method's own β
    number = PAPER.get(summary.settings["method"], {}).get(measure) if own else None
    return "–" if number is None else f"{number:.2f}"


def _cell(value: object) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else escape(str(value))


class RecordedResults(MarkdownDirective):
    """Every group of recorded runs of the folder `results` beside the page."""

    def markdown(self) -> Iterator[str]:
        """A comparison, the differing settings and the provenance of each group, or that there is none."""
        folder = Path(self.env.doc2path(self.env.docname)).parent / "results"
        for path in sorted(folder.glob("*")):
            self.env.note_dependency(str(path))
        try:
            rows = read(folder)
            groups = summarise(rows)
        except ValueError as problem:
            raise self.error(f"book/results: {problem}") from problem
        if not rows:
            yield EMPTY
        for shared, summaries in groups.items():
            members = [row for row in rows if tuple(row[name] for name in SHARED) == shared]
            study, model = shared[:2]
            yield from ["", f"**{escape(str(study))}: {escape(str(model))}, {shared[2]} training sentences**"]
            yield from [
                *comparison(summaries),
                noise(summaries),
                "",
                *dynamics(summaries),
                "Settings that differ from the paper's:",
            ]
            yield from [*differences(members), provenance(members), ""]


def _reread(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    # A new file of results is nobody's dependency yet: the page that shows them is read every time.
    return [name for name in env.found_docs if name.endswith("reproduction")]


def register(app: Sphinx) -> None:
    """Make the directive known, and its page always read."""
    app.add_directive("recorded-results", RecordedResults)
    app.connect("env-get-outdated", _reread)
