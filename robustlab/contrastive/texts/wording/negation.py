"""A sentence that says the opposite: a negation put into its main clauses, or taken out of them, by rule."""

from __future__ import annotations

from collections.abc import Sequence

from robustlab.contrastive.texts.wording.clauses import main_clauses
from robustlab.contrastive.texts.wording.pieces import Piece, like, listed, rewrite
from robustlab.contrastive.texts.wording.verbs import (
    AUXILIARIES,
    BASES,
    DO,
    HAVE,
    THIRD,
    THIRD_OF,
    adverb,
    auxiliary,
    finite,
    opener,
)

NOT = frozenset(("not", "n't"))
NEVER = frozenset(("never", "hardly", "scarcely"))
_NO = frozenset(listed("no nobody nothing none neither nor nowhere without barely seldom rarely cannot"))
# After these, "not" does not deny: "not only", "not just", "not until"; and what hangs on a negation, as "ever" does.
_NOT_DENYING = frozenset(("only", "just", "merely", "simply", "until", "least", "to", "so"))
_HANGING = frozenset(("ever", "yet", "either", "anymore", "longer"))
_ANY = {"any": "some", "anyone": "someone", "anybody": "somebody", "anything": "something", "anywhere": "somewhere"}
_SHORT = {"can't": "can", "won't": "will", "shan't": "shall", "cannot": "can"}
_SPLIT_SHORT = {"ca": "can", "wo": "will", "sha": "shall"}  # "ca n't", as tokenised corpora have it

Changes = dict[Piece, str]


def negated(text: str) -> str | None:
    """Reverse the polarity of a sentence's main clauses by putting a negation in or taking one out.

    After an auxiliary or a form of "be" it is "not"; before a past "never", which needs no other form of the verb; a
    present takes "do not" or "does not" where the verb is a common one. Out go "not", "n't", "never", "hardly" and
    "scarcely"; "did not like" becomes "did like", since no past is guessed. Each of two clauses that "and" joins is
    reversed.

    Args:
        text: One sentence, written or tokenised ("do n't").
    Returns: None where the rule does not apply: a question, a negation of another kind ("no", "nobody"), two negations
        in a clause, no finite verb or none that is plain.
    """
    if text.rstrip().endswith("?"):
        return None
    changes: Changes = {}
    for place, clause in enumerate(main_clauses(text)):
        found = _reversed(clause, alone=place == 0)
        if found is None:
            return None
        changes |= found
    return rewrite(text, changes) if changes else None


def _reversed(clause: Sequence[Piece], *, alone: bool) -> Changes | None:
    """What reverses a clause: nothing if it has no finite verb of its own, and None if it must not be touched."""
    own = clause[: opener(clause)]
    negations = [at for at, piece in enumerate(own) if _negates(piece)]
    others = [piece for piece in own if piece.lower in _NO and piece.lower != "cannot"]
    if others or len(negations) > 1:
        return None
    if negations:
        return _affirmed(clause, negations[0])
    at = finite(clause)
    # A part without a subject belongs to the clause before: "lives here and works there".
    if at is None or (at == 0 and not alone):
        return {}
    return _denied(clause, at)


def _negates(piece: Piece) -> bool:
    return piece.lower in NOT | NEVER or piece.lower in _SHORT or piece.lower.endswith("n't")


def _denied(clause: Sequence[Piece], at: int) -> Changes | None:
    piece, word = clause[at], clause[at].lower
    loud = piece.word.isupper() and len(piece.word) > 1
    if auxiliary(clause, at):
        if word == "can":
            return {piece: like("cannot", piece.word)}
        return {piece: f"{piece.word} {'NOT' if loud else 'not'}"}
    # "we really enjoyed it": the negation goes before the adverb.
    first = at
    while first and adverb(clause[first - 1].lower):
        first -= 1
    if word in THIRD or (word in BASES and first):
        helper = "does" if word in THIRD else "do"
        base = THIRD.get(word, word)
        inserted = f"{helper} not"
        if first == at:
            return {piece: f"{inserted} {base}"}
        return {clause[first]: f"{inserted} {clause[first].word}", piece: base}
    return {clause[first]: f"never {clause[first].word}"} if first else None


def _affirmed(clause: Sequence[Piece], at: int) -> Changes | None:
    piece, word = clause[at], clause[at].lower
    after = clause[at + 1].lower if at + 1 < len(clause) else ""
    if after in _NOT_DENYING or any(one.lower in _HANGING for one in clause[at:]):
        return None
    changes: Changes = {one: like(_ANY[one.lower], one.word) for one in clause[at:] if one.lower in _ANY}
    if word in _SHORT:
        return changes | {piece: like(_SHORT[word], piece.word)}
    if word.endswith("n't") and word != "n't":
        stem = piece.word[:-3]
        if stem.lower() not in DO | HAVE | frozenset(listed("is are was were would could might must should need")):
            return None  # "ain't"
        return _helped(clause, at, stem, changes)
    if at == 0:
        # "not a good film", "never quite works", but not "never have I seen".
        if len(clause) < 2 or clause[1].lower in AUXILIARIES | DO | HAVE:
            return None
        return changes | {piece: "", clause[1]: like(clause[1].word, piece.word)}
    if word in NEVER:
        return changes | {piece: ""}
    before = next((place for place in range(at - 1, -1, -1) if not adverb(clause[place].lower)), 0)
    helper = clause[before]
    if helper.lower in _SPLIT_SHORT and word == "n't":
        return changes | {piece: "", helper: like(_SPLIT_SHORT[helper.lower], helper.word)}
    if not (auxiliary(clause, before) or helper.lower in DO | HAVE):
        return None
    return _helped(clause, before, helper.word, changes | {piece: ""})


def _helped(clause: Sequence[Piece], at: int, helper: str, changes: Changes) -> Changes | None:
    """Take the negation from an auxiliary; one that "do" put there goes with it where the verb's form is known."""
    piece, word = clause[at], helper.lower()
    verb = next((one for one in clause[at + 1 :] if not adverb(one.lower) and one.lower not in NOT), None)
    if verb is None or verb.lower not in BASES or not at:
        return changes | {piece: helper}
    if word == "do":
        return changes | {piece: ""}
    return changes | {piece: "", verb: THIRD_OF[verb.lower]} if word == "does" else changes | {piece: helper}
