"""Pairs at the scale of a document: two spans of one, and the same document with one contradiction."""

from __future__ import annotations

from collections.abc import Sequence

from robustlab.contrastive.texts.sentences import KINDS, hard_negative
from robustlab.contrastive.texts.wording.thesaurus import Thesaurus
from robustlab.corpora.documents import TASKS, Document
from robustlab.corpora.reasoning.counterfactual import counterfactual
from robustlab.corpora.reasoning.grammar import kind_of, read, rename
from robustlab.corpora.reasoning.lexicon import NAMES
from robustlab.corpora.reasoning.stream import Stream
from robustlab.randomness import key


def spans(
    sentences: Sequence[str], *, seed: int, example: int, count: int = 2, shortest: int = 1, longest: int | None = None
) -> list[tuple[str, ...]]:
    """Draw runs of sentences of one document that share none, in the order of the text; see `places`.

    Raises: ValueError: As `places`.
    """
    runs = places(len(sentences), seed=seed, example=example, count=count, shortest=shortest, longest=longest)
    return [tuple(sentences[run.start : run.stop]) for run in runs]


def places(
    total: int, *, seed: int, example: int, count: int = 2, shortest: int = 1, longest: int | None = None
) -> list[range]:
    """Draw which sentences the spans of a document are.

    Lengths are drawn one after another, each evenly among those that leave room for the rest; what is left over falls
    evenly before, between and behind the spans.

    Args:
        total: How many sentences the document has.
        seed: Another seed gives unrelated spans.
        example: Which document it is: the draw depends on it, and on no other document.
        count: How many spans.
        shortest: Least sentences of a span.
        longest: Most sentences of a span; as long as the others allow where it is not given.
    Returns: The places of each span's sentences, in the order of the text.
    Raises: ValueError: If the document is too short, or a number is out of range.
    """
    if count < 1 or shortest < 1:
        raise ValueError(f"count and shortest must be at least 1, got {count} and {shortest}")
    if longest is not None and longest < shortest:
        raise ValueError(f"longest must be at least shortest, {shortest}, got {longest}")
    if total < count * shortest:
        raise ValueError(_too_short(total, count, shortest))
    stream, room = Stream("spans", seed, example), total
    lengths = []
    for left in range(count - 1, -1, -1):
        most = room - left * shortest
        lengths.append(shortest + stream.below(min(most, longest or most) - shortest + 1))
        room -= lengths[-1]
    gaps = [0] * (count + 1)
    for _ in range(room):
        gaps[stream.below(count + 1)] += 1
    runs, at = [], 0
    # The first length had the widest choice: in another order no place of the text has the longer spans.
    for gap, length in zip(gaps, stream.shuffled(lengths), strict=False):
        runs.append(range(at + gap, at + gap + length))
        at += gap + length
    return runs


def contradicted(
    document: Document | Sequence[str],
    *,
    seed: int,
    example: int | None = None,
    kinds: Sequence[str] = KINDS,
    words: Thesaurus | None = None,
) -> list[str] | None:
    """The same document with one sentence that says otherwise.

    Of a generated document it is one of the sentences that its answer follows from, changed so that the solver reads
    another answer. Otherwise sentences are tried in random order: one that the grammar of the generated documents can
    read states another value, and any other has a hard negative.

    Args:
        document: A document, or its sentences.
        seed: Another seed, another sentence.
        example: Which document it is; a document's own number where it is not given.
        kinds: Which hard negatives; see `sentences.hard_negative`.
        words: Where antonyms are looked up.
    Returns: The sentences, of which exactly one differs; None where none can be made to say otherwise.
    Raises: ValueError: If there are no sentences, no example is given for plain ones, or a kind is unknown.
    """
    if isinstance(document, Document):
        example = document.example_id if example is None else example
        sentences = list(document.sentences)
        if document.task in TASKS:
            try:
                return list(counterfactual(document, seed=key("contradicted", seed, example)).sentences)
            except ValueError:  # its text offers no other answer
                pass
    elif isinstance(document, str):
        raise ValueError(f"expected a document or its sentences, got one string: {document[:60]!r}")
    else:
        sentences = list(document)
    if example is None:
        raise ValueError("example must be given with plain sentences: draws are keyed by it")
    if not sentences:
        raise ValueError("a document of no sentences has none to contradict: expected at least one")
    stream = Stream("contradicted", seed, example)
    for at in stream.shuffled(range(len(sentences))):
        changed = _otherwise(sentences[at], stream, seed, example, kinds, words)
        if changed is not None and changed != sentences[at]:
            return [*sentences[:at], changed, *sentences[at + 1 :]]
    return None


def _otherwise(
    sentence: str, stream: Stream, seed: int, example: int, kinds: Sequence[str], words: Thesaurus | None
) -> str | None:
    """A sentence that cannot hold beside the given one: another value of a fact, or a hard negative."""
    reading = read(sentence)
    if reading.alias or reading.rule:
        return None  # a second name denies nothing
    if reading.claim is None:
        made = hard_negative(sentence, seed=seed, example=example, kinds=kinds, words=words)
        return made and made.text
    claim = reading.claim
    names = NAMES[kind_of(claim.value)]
    if claim.value not in names:
        return None  # a byname may stand for any of the names
    return rename(sentence, claim.value, stream.choose([name for name in names if name not in claim]))


def _too_short(total: int, count: int, shortest: int) -> str:
    document = "a document of one sentence" if total == 1 else f"a document of {total} sentences"
    spans_ = "no two spans" if count == 2 else f"no {count} spans"
    of = f" of {shortest} sentences" if shortest > 1 else ""
    return f"{document} has {spans_}{of}: leave it out, or ask for fewer or shorter spans"
