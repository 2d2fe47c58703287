"""Which part of a sentence decides what it says: the clause that concedes nothing and hangs on no other."""

from __future__ import annotations

from collections.abc import Sequence

from robustlab.contrastive.texts.wording.pieces import Piece, listed, pieces

_CONCEDING = frozenset(("although", "though", "while", "whilst", "whereas"))
_SUBORDINATING = _CONCEDING | frozenset(listed("after because before if once since unless when whenever"))
_TURNING = frozenset(("but", "yet"))
_JOINING = frozenset(("and", ";"))


def main_clauses(sentence: str) -> list[list[Piece]]:
    """The words of each main clause of a sentence, in order.

    Of "X, but Y" it is Y, of "although X, Y" and "Y, although X" it is Y, and "X and Y" has two. Where a sentence opens
    with a subordinate clause and its end is not plain, there is none.

    Args:
        sentence: One sentence.
    """
    found = pieces(sentence)
    while found and found[-1].word in ".!?…\"'”’)":
        found.pop()
    return [part for part in _joined(_main(found)) if part]


def _main(found: list[Piece]) -> list[Piece]:
    if not found:
        return []
    commas = [at for at, piece in enumerate(found) if piece.word == ","]
    if found[0].lower in _SUBORDINATING:
        return found[commas[0] + 1 :] if len(commas) == 1 else []
    for at in commas:
        following = found[at + 1].lower if at + 1 < len(found) else ""
        if following in _TURNING:
            return found[at + 2 :]
    for at, piece in enumerate(found[1:], start=1):
        if piece.lower in _SUBORDINATING:
            return found[: at - (found[at - 1].word == ",")]
    return found


def _joined(clause: Sequence[Piece]) -> list[list[Piece]]:
    parts: list[list[Piece]] = [[]]
    for piece in clause:
        if piece.lower in _JOINING:
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts
