"""Put a world into sentences, with fillers between the facts and, now and then, what perturbations are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from robustlab.corpora.reasoning.grammar import Claim, fact, kind_of, phrase, sentence
from robustlab.corpora.reasoning.lexicon import BYNAMES, FILLER_WORDS, FILLERS, MODIFIERS, NAMES, RECORDS
from robustlab.corpora.reasoning.relations import BYNAMES as INTRODUCTIONS
from robustlab.corpora.reasoning.relations import CONNECTIVES, RELATIONS, RULES, RUMOURS, SOURCES
from robustlab.corpora.reasoning.stream import Stream
from robustlab.corpora.reasoning.world import World


class Told(NamedTuple):
    """A sentence and the record it quotes, if any."""

    text: str
    record: str = ""


def tell(claim: Claim, stream: Stream, *, quoted: float = 0.15, tied: float = 0.15) -> Told:
    """State a fact.

    Args:
        claim: The fact.
        stream: Chooses the wording.
        quoted: Probability of quoting a record.
        tied: Probability of a connective.
    """
    body = fact(claim, stream.choose(RELATIONS[claim.relation].facts))
    connective = stream.choose(CONNECTIVES[:-1]) if stream.chance(tied) else ""
    record = stream.choose(RECORDS) if stream.chance(quoted) else ""
    opening = stream.choose(SOURCES).format(record=record) if record else ""
    return Told(sentence(body, connective=connective, opening=opening), record)


def restate(claim: Claim, stream: Stream) -> str:
    """State a fact once more."""
    return sentence(fact(claim, stream.choose(RELATIONS[claim.relation].facts)), connective=CONNECTIVES[-1])


def rumour(claim: Claim, stream: Stream) -> str:
    """Pass a claim on as a rumour."""
    body = fact(claim, stream.choose(RELATIONS[claim.relation].facts))
    return sentence(body, opening=stream.choose(RUMOURS))


def introduce(name: str, byname: str, stream: Stream) -> str:
    """Say that a thing has another name."""
    text = stream.choose(INTRODUCTIONS).format(s=phrase(name), a=phrase(byname))
    return text[0].upper() + text[1:]


def byname(name: str, stream: Stream, *, others: Sequence[str], avoid: set[str]) -> str:
    """Find another name for a thing: a byname of its kind, or another thing's name with a modifier.

    Args:
        name: What the thing is called.
        stream: Chooses.
        others: Names of its kind to build another name from.
        avoid: Names that mean something already.

    Raises: ValueError: If all of them are to be avoided.
    """
    built, free = _bynames(name, others, avoid)
    if not built and not free:
        raise ValueError(f"no other name is left for {name}: all of its kind mean something already")
    if built and (not free or stream.chance(0.5)):
        return stream.choose(built)
    return stream.choose(free)


def has_byname(name: str, *, others: Sequence[str], avoid: set[str]) -> bool:
    """Whether `byname` would find one."""
    return any(_bynames(name, others, avoid))


def _bynames(name: str, others: Sequence[str], avoid: set[str]) -> tuple[list[str], list[str]]:
    kind = kind_of(name)
    built = [built for other in others if other != name and (built := f"{MODIFIERS[kind]} {other}") not in avoid]
    return built, [word for word in BYNAMES[kind] if word not in avoid]


def fillers(size: int, stream: Stream) -> list[str]:
    """Write sentences that state no fact, different ones as far as a few tries find them."""
    written: list[str] = []
    for _ in range(size):
        for _ in range(3):
            line = stream.choose(FILLERS).format(**{slot: stream.choose(words) for slot, words in FILLER_WORDS.items()})
            if line not in written:
                break
        written.append(line)
    return written


def asides(world: World, stream: Stream, *, room: int, noise: float) -> tuple[list[str], dict[Claim, str]]:
    """Write sentences of the sorts that perturbations add, about things that the question has nothing to do with.

    Returns: Sentences to add, at most `room`, and facts to tell with a byname instead of the name.
    """
    others = [claim for claim in (*sum(world.chains, ()), *world.sides) if not world.named & set(claim[1:])]
    added: list[str] = []
    renamed: dict[Claim, str] = {}
    avoid: set[str] = set()
    for claim in stream.sample(others, room // 4):
        strangers = [name for name in NAMES[kind_of(claim.subject)] if name not in world.named]
        other = byname(claim.subject, stream, others=strangers, avoid=avoid)
        if stream.chance(noise) and not any(claim.subject == c.subject for c in renamed):
            renamed[claim] = other
            avoid.add(other)
            added.append(introduce(claim.subject, other, stream))
    rumours = [_denial(claim, world, stream) for claim in stream.sample(others, room // 4) if stream.chance(noise)]
    added += [rumour(claim, stream) for claim in rumours]
    added += [stream.choose(RULES)] if rumours else []
    added += [restate(claim, stream) for claim in stream.sample(others, room // 6) if stream.chance(noise)]
    return added, renamed


def _denial(claim: Claim, world: World, stream: Stream) -> Claim:
    values = [value for value in NAMES[RELATIONS[claim.relation].value] if value not in world.named | set(claim)]
    return claim._replace(value=stream.choose(values))
