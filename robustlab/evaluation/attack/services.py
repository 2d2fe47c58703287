"""What many searches ask of one model, answered together: merged, each distinct item once, remembered for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

Answers = Callable[[list[Any]], Sequence[Any]]
"""Distinct items -> an answer for each, in their order."""


class Service:
    """A model behind a counter.

    Args:
        name: What error messages and counts call it.
        answer: Answers distinct items; batching and sorting by length is its own affair.
        remembered: Answers kept from one merged batch to the next; the least recently used go first.

    Attributes:
        asked: Items asked for so far.
        answered: Items that the model was run on.
        batches: Merged batches so far.

    Raises: ValueError: If `remembered` is negative.
    """

    def __init__(self, name: str, answer: Answers, *, remembered: int = 0) -> None:
        if remembered < 0:
            raise ValueError(f"remembered must not be negative, got {remembered}")
        self.name, self._answer, self._remembered = name, answer, remembered
        self._memory: OrderedDict[Hashable, Any] = OrderedDict()
        self.asked = self.answered = self.batches = 0

    def many(self, requests: Sequence[Sequence[Hashable]]) -> list[list[Any]]:
        """Answer several requests at once.

        Args:
            requests: Items of each request; an item may occur many times.
        Returns: The answers of each request, in the order of its items.
        """
        wanted = list(dict.fromkeys(item for request in requests for item in request))
        known = {item: self._memory[item] for item in wanted if item in self._memory}
        new = [item for item in wanted if item not in known]
        if new:
            found = self._answer(new)
            if len(found) != len(new):
                raise RuntimeError(f"{self.name} gave {len(found)} answers to {len(new)} items")
            known |= zip(new, found, strict=True)
            self.batches += 1
        self.asked += sum(map(len, requests))
        self.answered += len(new)
        self._remember(wanted, known)
        return [[known[item] for item in request] for request in requests]

    def forget(self) -> None:
        """Empty the memory and set the counters back."""
        self._memory.clear()
        self.asked = self.answered = self.batches = 0

    def _remember(self, wanted: list[Hashable], known: dict[Hashable, Any]) -> None:
        if not self._remembered:
            return
        for item in wanted[-self._remembered :]:
            self._memory[item] = known[item]
            self._memory.move_to_end(item)
        while len(self._memory) > self._remembered:
            self._memory.popitem(last=False)
