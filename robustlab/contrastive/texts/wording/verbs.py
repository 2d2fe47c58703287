"""Which word of a clause is its finite verb: auxiliaries, and a list of common verbs where the subject is plain."""

from __future__ import annotations

from collections.abc import Sequence

from robustlab.contrastive.texts.wording.pieces import Piece, listed

AUXILIARIES = frozenset(
    listed("am is are was were will would can could may might must shall should 'm 're 'll 've 'd 's")
)
HAVE = frozenset(("have", "has", "had"))
DO = frozenset(("do", "does", "did"))
_CLITIC_SUBJECTS = frozenset(listed("i you he she it we they this that there here who what"))

# Common verbs whose other forms are regular but for "-s"; those of the corpora of the package are among them.
_BASES = listed(
    "add agree aim allow amuse appear appreciate ask attempt become begin believe belong boast bore bring build "
    "buy call captivate capture care cause change come command consider contain continue count create delight "
    "deliver depend describe deserve develop drag earn employ enjoy entertain exist expect explain explore fail "
    "fall feel find follow forget get give go grow happen hate have hear help hide hold hope include involve "
    "keep know lack lead learn leave let like limp listen live look lose love lumber maintain make manage "
    "matter mean meet miss move need offer own pay play possess prefer pretend produce promise prove provide "
    "reach receive recommend refuse regret relish rely remain remember represent require reveal rule run savour "
    "say see seem sell send serve show sing sit sleep sound speak stand start stay succeed suffer suggest "
    "support suppose take talk taste tell tend think trade travel treat trust try turn understand use visit "
    "wait walk wander want watch wear win wish work write"
)
_IRREGULAR_THIRD = {"have": "has", "go": "goes"}


def _third(base: str) -> str:
    if base in _IRREGULAR_THIRD:
        return _IRREGULAR_THIRD[base]
    if base.endswith(("s", "sh", "ch", "x", "z")):
        return base + "es"
    return base[:-1] + "ies" if base.endswith("y") and base[-2] not in "aeou" else base + "s"


BASES = frozenset(_BASES)
THIRD = {_third(base): base for base in _BASES}
"""Third person singular -> base."""
THIRD_OF = {base: third for third, base in THIRD.items()}

# Pasts that are nothing else: no participle, no noun, no adjective.
_PAST = frozenset(
    listed(
        "ate became began blew broke came chose did drank drew drove fell flew forgave forgot froze gave grew had "
        "knew ran rang rode sang sank spoke stole swam swore took threw tore went woke wore wrote"
    )
)
# Pasts that are participles too ("the film made by …"): taken only where nothing else in the clause is finite.
_PAST_OR_PARTICIPLE = frozenset(
    listed(
        "bought brought built caught cost dealt fed felt found fought got heard held kept laid learnt led left lent "
        "lost made meant met paid read rose said sat saw sent shot slept sold sought spent stood struck stuck "
        "taught thought told understood won"
    )
)
_NO_PAST = frozenset(
    listed(
        "bed bleed breed embed exceed feed hundred indeed kindred naked need proceed red sacred seed shed shred sped "
        "speed succeed used wed weed"
    )
)
_PARTICIPLES = frozenset(
    listed(
        "been become begun come done drawn eaten fallen flown gone grown known run seen shown sung sunk taken "
        "thrown worn written put set cut let hit"
    )
)
_ADVERBS = frozenset(
    listed(
        "almost already also always ever even just often now once only quite rather really seldom so sometimes soon "
        "still then too truly very"
    )
)
PRONOUNS = frozenset(
    listed("i you he she it we they this that these those everyone everybody someone somebody many most some")
)
_PLURAL = frozenset(listed("i you we they these those many most some people"))
_DETERMINERS = frozenset(listed("a an the my your his her its our their this that these those some each every one"))
# Where one of these stands before the verb, the verb may be that of another clause.
_OPENERS = frozenset(
    listed("who whom whose which that where when why how what whether if because than as whatever whoever whenever")
)


def adverb(word: str) -> bool:
    """Whether a word may stand between a subject, an auxiliary and a verb."""
    return word in _ADVERBS or (word.endswith("ly") and len(word) > 4)


def participle(word: str) -> bool:
    """Whether a word can follow a form of "have"."""
    return word in _PARTICIPLES | _PAST_OR_PARTICIPLE or word.endswith(("ed", "en"))


def past(word: str, *, sure: bool) -> bool:
    """Whether a word is a past form; where `sure`, one that is nothing else."""
    if word in _PAST:
        return True
    return not sure and (
        word in _PAST_OR_PARTICIPLE or (word.endswith("ed") and len(word) > 3 and word not in _NO_PAST)
    )


def auxiliary(clause: Sequence[Piece], at: int) -> bool:
    """Whether the word at a place is an auxiliary, or a form of "be", that "not" may follow."""
    word, before = clause[at].lower, clause[at - 1].lower if at else ""
    if word.startswith("'"):
        return word in AUXILIARIES and (not at or before in _CLITIC_SUBJECTS)
    if before in _DETERMINERS - {"this", "that", "these", "those", "one", "some", "each", "his"} or before == "'s":
        return False  # "the will", "a can"
    if word in HAVE:
        return participle(_next(clause, at))
    if word in DO:
        return _next(clause, at) in BASES
    return word in AUXILIARIES and clause[at].word != "May"


def finite(clause: Sequence[Piece]) -> int | None:
    """The place of the clause's finite verb or auxiliary; None where that is not plain."""
    places = range(opener(clause))
    return next((at for at in places if auxiliary(clause, at) or _verb(clause, at)), None)


def opener(clause: Sequence[Piece]) -> int:
    """Where the first word stands that opens a clause inside this one; its length where none does."""
    inside = (at for at, piece in enumerate(clause) if piece.lower in _OPENERS and (at or piece.lower != "that"))
    return next(inside, len(clause))


def _verb(clause: Sequence[Piece], at: int) -> bool:
    word, subject = clause[at].lower, _subject(clause, at)
    if not subject or clause[at].word.istitle():
        return False
    first = subject[0].lower
    if len(subject) == 1 and first in PRONOUNS:
        if first in ("this", "that", "these", "those", "some", "most", "many"):
            return word in THIRD or past(word, sure=True) or word == "thought"
        return (word in BASES if first in _PLURAL else word in THIRD) or past(word, sure=False)
    named = all(piece.word[:1].isupper() and piece.word.isalpha() for piece in subject)
    described = first in _DETERMINERS and 2 <= len(subject) <= 6
    if not (named and len(subject) <= 3) and not described:
        return False
    if past(word, sure=True):
        return True
    # What follows "that" or "why" is another clause, with a verb of its own.
    alone = not any(auxiliary(clause, other) for other in range(at + 1, opener(clause)))
    return alone and _next(clause, at) != "by" and (word in THIRD or past(word, sure=False))


def _subject(clause: Sequence[Piece], at: int) -> list[Piece]:
    """The words before a verb: after the last comma, and without adverbs at their end."""
    found: list[Piece] = []
    for piece in reversed(clause[:at]):
        if not piece.word[-1].isalnum():
            break
        if found or not adverb(piece.lower):
            found.append(piece)
    return found[::-1]


def _next(clause: Sequence[Piece], at: int) -> str:
    """The next word that is no adverb and no negator; empty where it is a name, which has no forms."""
    skipped = ("not", "n't", "never")
    following = (piece for piece in clause[at + 1 :] if not adverb(piece.lower) and piece.lower not in skipped)
    found = next(following, None)
    return "" if found is None or found.word.istitle() else found.lower
