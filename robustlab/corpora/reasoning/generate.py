"""Generate documents: the world, its sentences, and their order, all from a key and a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from robustlab.corpora.documents import TASKS, Document
from robustlab.corpora.reasoning.grammar import Claim, fact, phrase, questions, sentence
from robustlab.corpora.reasoning.relations import RELATIONS
from robustlab.corpora.reasoning.stream import Stream
from robustlab.corpora.reasoning.telling import Told, asides, fillers, tell
from robustlab.corpora.reasoning.world import LEAST, World, build

SIZES: Mapping[str, int] = MappingProxyType({"train": 4000, "dev": 500, "test": 500})
"""How many documents a split has where no number is given."""

FACTS = 0.7
"""The share of sentences that are not fillers, where the lexicon has enough names."""


def load(
    split: str = "train", n: int | None = None, *, sentences: int | tuple[int, int] = 48, seed: int = 0
) -> list[Document]:
    """Load a split: `SIZES` documents, or `n`.

    Raises: ValueError: If there is no such split; otherwise as `generate`.
    """
    if split not in SIZES:
        raise ValueError(f"the generated documents have the splits {', '.join(SIZES)}, got {split!r}")
    return generate(SIZES[split] if n is None else n, seed=seed, sentences=sentences, split=split)


def generate(
    n: int,
    *,
    seed: int = 0,
    sentences: int | tuple[int, int] = 48,
    tasks: Sequence[str] = TASKS,
    split: str = "train",
    first: int = 0,
    noise: float = 0.5,
) -> list[Document]:
    """Generate documents `first` to `first + n - 1`; each depends on its own number alone, not on the others.

    Args:
        n: How many.
        seed: Another seed gives unrelated documents.
        sentences: How many sentences a document has, or the least and the most.
        tasks: What they ask, in turn.
        split: Part of the key, so that no two splits share a document.
        first: Number of the first one.
        noise: How often a document names by a byname, denies by a rumour or repeats what its question is not about.

    Raises: ValueError: If `n` is not positive, a task is unknown, a document is too short for its task, or a number is
        out of range.
    """
    low, high = sentences if isinstance(sentences, tuple) else (sentences, sentences)
    _check(n, low, high, tasks, first, noise)
    return [
        _document(number, tasks[number % len(tasks)], (low, high), noise, Stream("reasoning", split, seed, number))
        for number in range(first, first + n)
    ]


def _check(n: int, low: int, high: int, tasks: Sequence[str], first: int, noise: float) -> None:
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if first < 0:
        raise ValueError(f"first must not be negative, got {first}")
    if not 0 <= noise <= 1:
        raise ValueError(f"noise must be a probability, got {noise}")
    if not tasks or (unknown := [task for task in tasks if task not in TASKS]):
        raise ValueError(f"expected tasks among {', '.join(TASKS)}, got {', '.join(unknown) if tasks else 'none'}")
    task = max(tasks, key=LEAST.__getitem__)
    if low > high:
        raise ValueError(f"sentences must be (least, most), got ({low}, {high})")
    if low < LEAST[task]:
        raise ValueError(f"a document of task {task} has at least {LEAST[task]} sentences, got {low}")


def _document(number: int, task: str, bounds: tuple[int, int], noise: float, stream: Stream) -> Document:
    low, high = bounds
    size = low + stream.below(high - low + 1)
    room = max(LEAST[task], round(FACTS * size))
    spare = size // 6 if size >= 12 else 0
    world = build(task, room - spare, stream)
    added, renamed = asides(world, stream, room=spare, noise=noise)
    told = {claim: _tell(claim, renamed, world, stream) for claim in (*sum(world.chains, ()), *world.sides)}
    order = _order(world, size, added, stream)
    gold = tuple(sorted(order.index(claim) for claim in world.gold))
    wordings = questions(world.query.relations, backwards=world.query.backwards, evidence=world.query.evidence)
    record = told[world.gold[-1]].record
    answer = f"{record} {world.answer}" if world.query.evidence else world.answer
    return Document(
        sentences=tuple(told[line].text if isinstance(line, Claim) else line for line in order),
        paragraphs=_paragraphs(size, stream),
        instruction=stream.choose(wordings).format(s=phrase(world.query.subject)),
        answer=answer,
        chain=chain(world.gold, answer),
        gold=gold,
        task=task,
        example_id=number,
    )


def chain(steps: Sequence[Claim], answer: str) -> tuple[str, ...]:
    """The facts of a solution in plain words, and the answer.

    Each fact begins with what is known already and ends with what is found, whichever way the question goes.
    """
    backwards = any(claim.subject == later.value for claim, later in pairwise(steps))
    return (
        *(sentence(fact(claim, RELATIONS[claim.relation].step(backwards=backwards))) for claim in steps),
        f"The answer is {answer}.",
    )


def _tell(claim: Claim, renamed: Mapping[Claim, str], world: World, stream: Stream) -> Told:
    asked = claim.relation in world.query.relations
    quoted = float(asked) if world.query.evidence and asked else 0.15
    return tell(claim._replace(subject=renamed.get(claim, claim.subject)), stream, quoted=quoted)


def _order(world: World, size: int, added: Sequence[str], stream: Stream) -> list[Claim | str]:
    """Shuffle everything; about half of the facts that belong together stay next to each other."""
    blocks: list[tuple[Claim | str, ...]] = [(line,) for line in (*world.sides, *added)]
    for group in world.chains:
        blocks += [group] if stream.chance(0.5) else [(claim,) for claim in group]
    blocks += [(line,) for line in fillers(size - sum(map(len, blocks)), stream)]
    return [line for block in stream.shuffled(blocks) for line in block]


def _paragraphs(size: int, stream: Stream) -> tuple[int, ...]:
    """Cut into paragraphs of three to seven sentences; a remainder of fewer joins the last one."""
    sizes: list[int] = []
    while size:
        length = 3 + stream.below(5)
        sizes.append(size if size - length < 3 else length)
        size -= sizes[-1]
    return tuple(sizes)
