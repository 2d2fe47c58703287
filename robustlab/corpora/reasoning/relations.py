"""What the generated documents say and ask: relations between kinds of things, and how each is put in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Relation:
    """A function from things of one kind to things of another, with its wordings.

    Attributes:
        subject: Kind of the things that it is said of.
        value: Kind of what is said of them.
        facts: Sentences that state it, without the full stop.
        questions: Questions for the value.
        clause: What a record is said to tell.
        link: Describes the value where it is the subject of a second question; empty where none is asked.
    """

    subject: str
    value: str
    facts: tuple[str, ...]
    questions: tuple[str, ...] = ()
    clause: str = ""
    link: str = ""

    def step(self, *, backwards: bool = False) -> str:
        """The wording of a step of reasoning: the last in which what is known stands before what is found.

        Whoever writes a step word by word then looks for one thing at a time, whichever way the question goes.
        """
        known, found = ("{v}", "{s}") if backwards else ("{s}", "{v}")
        return [form for form in self.facts if form.index(known) < form.index(found)][-1]


RELATIONS: Mapping[str, Relation] = MappingProxyType(
    {
        "home": Relation(
            "person",
            "town",
            ("{s} lives in {v}", "{s} has a house in {v}", "the home of {s} is in {v}"),
            ("Where does {s} live?", "In which town is the home of {s}?"),
            "where {s} lives",
            "the town where {s} lives",
        ),
        "trade": Relation(
            "person",
            "trade",
            ("{s} works as a {v}", "{s} earns a living as a {v}", "{s} is a {v} by trade"),
            ("What is the trade of {s}?", "As what does {s} work?"),
            "what the trade of {s} is",
        ),
        "member": Relation(
            "person",
            "guild",
            ("{s} belongs to {v}", "{s} is a member of {v}", "{v} counts {s} among its members"),
            ("To which guild does {s} belong?", "Of which guild is {s} a member?"),
            "to which guild {s} belongs",
            "the guild that {s} belongs to",
        ),
        "leader": Relation(
            "guild",
            "person",
            ("{v} leads {s}", "{s} is led by {v}", "the head of {s} is {v}"),
            ("Who leads {s}?", "Who is the head of {s}?"),
            "who leads {s}",
        ),
        "seat": Relation(
            "guild",
            "town",
            ("{s} has its hall in {v}", "{s} meets in {v}", "the hall of {s} stands in {v}"),
            ("Where is the hall of {s}?", "In which town does {s} meet?"),
            "where {s} meets",
        ),
        "ruler": Relation(
            "town",
            "person",
            ("{v} rules {s}", "{s} is ruled by {v}", "the mayor of {s} is {v}"),
            ("Who rules {s}?", "Who is the mayor of {s}?"),
            "who rules {s}",
        ),
        "goods": Relation(
            "town",
            "goods",
            ("{s} sells {v}", "{s} is known for its {v}", "the market of {s} trades in {v}"),
            ("What does {s} sell?", "For what is {s} known?"),
            "what {s} sells",
        ),
        "keeper": Relation(
            "thing",
            "person",
            ("{v} keeps {s}", "{s} is kept by {v}", "{s} is in the care of {v}"),
            ("Who keeps {s}?", "In whose care is {s}?"),
            "who keeps {s}",
            "the keeper of {s}",
        ),
        "material": Relation(
            "thing",
            "material",
            ("{s} is made of {v}", "{s} was shaped from {v}"),
            ("Of what is {s} made?", "From what was {s} shaped?"),
            "what {s} is made of",
        ),
        "place": Relation(
            "event",
            "town",
            ("{s} reached {v}", "{s} came to {v}", "{v} went through {s}"),
            ("Which town did {s} reach?", "Which town went through {s}?"),
            "which town {s} reached",
            "the town that {s} reached",
        ),
        "cause": Relation(
            "event",
            "event",
            ("{s} caused {v}", "{v} was brought about by {s}", "{s} led to {v}", "{v} followed from {s}"),
        ),
    }
)
"""Name -> relation."""

SIDES: tuple[str, ...] = tuple(name for name, relation in RELATIONS.items() if relation.questions)
"""The relations that are asked about one at a time."""

PAIRS = (
    ("member", "leader"),
    ("member", "seat"),
    ("home", "ruler"),
    ("home", "goods"),
    ("keeper", "home"),
    ("keeper", "trade"),
    ("place", "ruler"),
    ("place", "goods"),
)
"""Link and fact of a structured question: the fact is asked of the value of the link."""

AHEAD = ("What did {s} lead to, two steps on?", "What came two steps after {s}?")
BEHIND = ("What lay two steps behind {s}?", "From what did {s} come, two steps back?")
EVIDENCE = (
    "Which record tells {clause}, and what does it say?",
    "Name the record that tells {clause}, and its answer.",
)

CONNECTIVES = ("Moreover", "Besides", "Meanwhile", "In those years", "As is well known", "To say it again")
RUMOURS = ("Rumour has it that", "Some whisper that", "It is rumoured that")
SOURCES = ("The {record} says that", "According to the {record},", "It stands in the {record} that")
RULES = ("Records and plain statements outrank rumours.", "Rumours count for less than records and plain statements.")
BYNAMES = ("{s} is also called {a}.", "Another name for {s} is {a}.", "{s} also goes by the name of {a}.")
