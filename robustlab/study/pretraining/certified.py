"""Views and hard negatives before a judge: how often each applies, and how often it does what it is made for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import pandas as pd

from robustlab.contrastive.texts import contradicted, edited, hard_negative, substituted
from robustlab.contrastive.texts.sentences import KINDS
from robustlab.contrastive.texts.wording.thesaurus import carried
from robustlab.corpora.documents import Document
from robustlab.corpora.reasoning.solver import solve, solve_text
from robustlab.evaluation.statistics import Estimate, proportion
from robustlab.study.pretraining.meanings import said

Change = Callable[[str, int, int], str | None]
CERTIFIED, BOOK = "certified synonyms", "synonyms of a thesaurus"
FORM, CONTRADICTED = "another form", "one sentence contradicted"


def by_thesaurus(text: str, seed: int, example: int) -> str:
    """Replace words of a review by a thesaurus's synonyms, as is done with any text that no grammar certifies.

    A capital is enough to make it such a text: no review has one.
    """
    made = substituted(text.upper()[:1] + text[1:], seed, example, words=carried())
    return text[:1] + made[1:]


def _negative(text: str, seed: int, example: int, *, kind: str) -> str | None:
    made = hard_negative(text, seed=seed, example=example, kinds=(kind,))
    return made and made.text


VIEWS: Mapping[str, Change] = {FORM: edited, CERTIFIED: substituted, BOOK: by_thesaurus}
NEGATIVES: Mapping[str, Change] = {kind: partial(_negative, kind=kind) for kind in KINDS}


class Judged(NamedTuple):
    """A kind of change before the judges; shares are of the texts to which it applies.

    Attributes:
        kind: Its name.
        texts: How many texts were tried.
        applies: How many of them it changes.
        verdict: Share whose verdict, or answer, stays.
        meaning: Share that says the same of the same things.
        unread: Share in which the judge finds no verdict.
    """

    kind: str
    texts: int
    applies: int
    verdict: Estimate
    meaning: Estimate
    unread: Estimate


def judged(kind: str, change: Change, texts: Sequence[str], *, seed: int = 0) -> Judged:
    """Put a kind of change before the corpus's judge, and before a reader of what is said of what.

    Raises: ValueError: If it changes none of the texts.
    """
    made = [(text, change(text, seed, number)) for number, text in enumerate(texts)]
    pairs = [(said(text), said(other)) for text, other in made if other is not None and other != text]
    if not pairs:
        raise ValueError(f"{kind} changes none of {len(texts)} texts: there is nothing to judge")
    n = len(pairs)
    return Judged(
        kind,
        len(texts),
        n,
        verdict=proportion(sum(one.verdict == other.verdict for one, other in pairs), n),
        meaning=proportion(sum(one == other for one, other in pairs), n),
        unread=proportion(sum(other.verdict is None for _, other in pairs), n),
    )


def judged_documents(documents: Sequence[Document], *, seed: int = 0) -> Judged:
    """The same of documents with one sentence contradicted: the judge is the solver, and the verdict its answer."""
    made = [(one, contradicted(one, seed=seed)) for one in documents]
    kept = [(one, changed) for one, changed in made if changed is not None]
    same = [solve(one).answer == _answer(changed, one.instruction) for one, changed in kept]
    unread = sum(_answer(changed, one.instruction) is None for one, changed in kept)
    stays = proportion(sum(same), len(kept))
    return Judged(CONTRADICTED, len(documents), len(kept), stays, stays, proportion(unread, len(kept)))


def _answer(sentences: Sequence[str], instruction: str) -> str | None:
    try:
        return solve_text(sentences, instruction).answer
    except ValueError:
        return None


def table(found: Sequence[Judged]) -> pd.DataFrame:
    """A line a kind, shares in percent with their intervals."""
    lines = {
        one.kind: {
            "changes, % of the texts": f"{100 * one.applies / one.texts:.0f}",
            "verdict stays, %": _percent(one.verdict),
            "says the same, %": _percent(one.meaning),
            "no verdict, %": _percent(one.unread),
        }
        for one in found
    }
    return pd.DataFrame(lines).T


def _percent(share: Estimate) -> str:
    return f"{100 * share.value:.1f} ({100 * share.low:.1f} to {100 * share.high:.1f})"
