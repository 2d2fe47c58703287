"""Word lists in the place of word vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textattack.shared import AbstractWordEmbedding


class ListedNeighbours(AbstractWordEmbedding):
    """Neighbours as a published list gives them, where the vectors themselves are not at hand.

    A word and a neighbour in its list count as alike, any other pair as not, so that the radius within which the list
    was made stands in for a recipe's own threshold.

    Args:
        neighbours: Word -> words near it, the nearest first; lower case.
        name: What the list is, for printing.
    """

    def __init__(self, neighbours: Mapping[str, Sequence[str]], name: str) -> None:
        words = dict.fromkeys(neighbours) | dict.fromkeys(word for near in neighbours.values() for word in near)
        self.words = list(words)
        self.numbers = {word: number for number, word in enumerate(self.words)}
        self.neighbours, self.name = neighbours, name

    def __getitem__(self, index: int | str) -> None:
        """There are no vectors."""
        return None

    def word2index(self, word: str) -> int:
        """A word's number; raises KeyError for one that the list lacks, as TextAttack expects."""
        return self.numbers[word]

    def index2word(self, index: int) -> str:
        """The word of a number."""
        return self.words[index]

    def nearest_neighbours(self, index: int, topn: int) -> list[int]:
        """Numbers of the first `topn` neighbours."""
        return [self.numbers[word] for word in self.neighbours.get(self.words[index], ())[:topn]]

    def get_cos_sim(self, a: int | str, b: int | str) -> float:
        """1 for a word and a neighbour in its list, else 0."""
        one, other = self._word(a), self._word(b)
        alike = other == one or other in self.neighbours.get(one, ()) or one in self.neighbours.get(other, ())
        return float(alike)

    def get_mse_dist(self, a: int | str, b: int | str) -> float:
        """0 for a word and a neighbour in its list, else infinite."""
        return 0.0 if self.get_cos_sim(a, b) else float("inf")

    def extra_repr_keys(self) -> list[str]:
        """What printing shows."""
        return ["name"]

    def _word(self, word: int | str) -> str:
        return word if isinstance(word, str) else self.words[word]
