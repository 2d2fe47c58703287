"""Texts with their differences, as HTML that holds every character of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from robustlab.evaluation.attack.differences import WORD, Run, Stretch

FOLDED, CONTEXT = 80, 20  # words: unchanged stretches longer than the first are folded down to the second on each side
# A page cannot hold these: NUL and halves of surrogate pairs. The sign for "no such character" stands in their place.
IMPOSSIBLE = dict.fromkeys([0, *range(0xD800, 0xE000)], "\ufffd")
# A bare carriage return would become a line feed.
ESCAPED = IMPOSSIBLE | str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "\r": "&#13;"}
)


def escaped(text: str) -> str:
    """A text of which the browser keeps every character that it can."""
    return text.translate(ESCAPED)


def marked(stretches: Sequence[Stretch], *, added: bool) -> str:
    """A text with what differs in `<ins>` or `<del>`, and long unchanged stretches folded.

    Args:
        stretches: Of one text, from `differences`.
        added: Whether what differs in it was added, or else removed.
    """
    tag = "ins" if added else "del"
    return "".join(_changed(one, tag) if one.changed else "".join(_folded(one)) for one in stretches)


def _changed(stretch: Stretch, tag: str) -> str:
    if len(stretch.runs) == 1:
        return f"<{tag}>{_run(stretch.runs[0])}</{tag}>"
    runs = (f"<b>{escaped(run.text)}</b>" if run.changed and not run.name else _run(run) for run in stretch.runs)
    return f'<{tag} class="part">{"".join(runs)}</{tag}>'


def _run(run: Run) -> str:
    if run.name is None:
        return escaped(run.text)
    kind = "odd unseen" if run.unseen else "odd"
    return f'<span class="{kind}" title="{escaped(run.name)}" data-code="{run.code}">{escaped(run.text)}</span>'


def _folded(stretch: Stretch) -> Iterator[str]:
    words = WORD.findall(stretch.text)
    if len(words) <= FOLDED:
        yield escaped(stretch.text)
        return
    cut = words[:CONTEXT], words[CONTEXT:-CONTEXT], words[-CONTEXT:]
    head, middle, tail = (escaped("".join(some)) for some in cut)
    told = f"{len(words) - 2 * CONTEXT:,} unchanged words"
    yield f'{head}<details class="fold"><summary>{told}</summary>{middle}</details>{tail}'
