"""Concept ambiguity: a thing is called by another name, which the text introduces elsewhere."""

from __future__ import annotations

from robustlab.corpora.reasoning.grammar import kind_of, phrase, rename
from robustlab.corpora.reasoning.lexicon import NAMES
from robustlab.corpora.reasoning.telling import byname, has_byname, introduce
from robustlab.text.draft import Draft

INLINE = 0.15
"""How often a sentence keeps the name and only adds the other one."""


def blur(draft: Draft, size: int, where: str) -> None:
    """Rewrite `size` facts so that the thing from which a question would enter them goes by another name.

    The other name is a byname, or somebody else's name with a modifier. The answer itself keeps its name. Things of
    which there are so many that no other name is left keep theirs, and the next facts are taken.
    """
    known = draft.names()
    given: dict[str, str] = {}
    left = size
    for line in draft.first(draft.facts, where):
        if not left:
            break
        called = draft.key(line.claim) if line.gold else line.claim.subject
        name = known.get(called, called)
        fresh = name not in given
        if fresh:
            other = _other(draft, name, {*known, *given.values()})
            if other is None:
                continue
            given[name] = other
        left -= 1
        line.touched = True
        if fresh and called == name and not line.reading.alias and draft.stream.chance(INLINE):
            line.text = aside(line.text, name, given[name])
            continue
        line.text = rename(line.text, called, given[name])
        if fresh:
            draft.insert(introduce(name, given[name], draft.stream))


def _other(draft: Draft, name: str, avoid: set[str]) -> str | None:
    """Another name, built from that of a thing in the text where there is one; None where none is left."""
    kind = kind_of(name)
    present = {word for line in draft.facts for word in line.claim[1:]}
    others = [word for word in NAMES[kind] if word in present - {name, draft.answer}]
    everybody = [word for word in NAMES[kind] if word != name]
    for some in (others, everybody) if others else (everybody,):
        if has_byname(name, others=some, avoid=avoid):
            return byname(name, draft.stream, others=some, avoid=avoid)
    return None


def aside(text: str, name: str, other: str) -> str:
    """Mention another name beside a name in a sentence."""
    said = phrase(name)
    capital = said[:1].upper() + said[1:]
    found = capital if text.startswith(capital) else said
    before, _, after = text.partition(found)
    return f"{before}{found}, also called {phrase(other)}{'' if after == '.' else ','}{after}"
