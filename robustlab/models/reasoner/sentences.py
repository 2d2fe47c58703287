"""Documents as the sentence reasoner reads them: units of words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from robustlab.corpora.documents import Document
from robustlab.corpora.evidence import solution, stepwise
from robustlab.models.reasoner.reading import IGNORED, Limit, Overlong, Row, refuse, stack
from robustlab.models.reasoner.vocabulary import ANSWER, END, PAD, STEP, Vocabulary

FILE = "reader.json"


class SentenceReader(Limit):
    """The instruction is unit 0 of a row and each sentence one more, however many there are.

    Args:
        vocabulary: The words it knows.
        max_words: Words of the longest sentence and instruction that the model reads.
        max_answer: Words of the longest answer, its end included.
        chain: Whether answers are written as the steps of the reasoning, then the answer.
        overlong: What becomes of a longer sentence; the instruction is never cut.
    """

    end = END

    def __init__(
        self,
        vocabulary: Vocabulary,
        *,
        max_words: int = 48,
        max_answer: int = 64,
        chain: bool = False,
        overlong: Overlong = "error",
    ):
        super().__init__(overlong)
        self.vocabulary, self.max_words, self.longest, self.chain = vocabulary, max_words, max_answer, chain

    def encode(self, document: Document, *, answer: bool = True) -> Row:
        """Turn a document into numbers.

        Raises: ValueError: If the instruction or the answer is too long, or a sentence is and may not be cut.
        """
        asked = self.vocabulary.encode(document.instruction)
        refuse(document, len(asked), self.max_words, "the instruction", "shorten it")
        units = [asked, *(self._sentence(document, number) for number in range(len(document.sentences)))]
        paragraphs = [number for number, size in enumerate(document.paragraphs) for _ in range(size)]
        row: Row = {
            "input_ids": units,
            "units": [-1, *range(len(document.sentences))],
            "paragraphs": [-1, *paragraphs],
            "example_id": document.example_id,
            "length": len(units),
        }
        if answer:
            row["labels"] = self._target(document)
            row["support"] = self._support(document, len(row["labels"]))
        return row

    def _sentence(self, document: Document, number: int) -> list[int]:
        words = self.vocabulary.encode(document.sentences[number])
        if len(words) > self.max_words:
            self.cut(document, len(words), self.max_words, f"sentence {number}")
        return words[: self.max_words]

    def _target(self, document: Document) -> list[int]:
        words = []
        if self.chain:
            for step in document.chain:
                words += [*self.vocabulary.encode(step), STEP]
            words.append(ANSWER)
        words += [*self.vocabulary.encode(document.answer), END]
        refuse(document, len(words), self.longest, "the answer", "make the model with a larger max_answer")
        return words

    def _support(self, document: Document, length: int) -> list[int]:
        """The unit that each word of the target rests upon; -1 where no sentence is known to be it."""
        found: list[int] = []
        if self.chain and stepwise(document):  # other chains do not say which of their words follows from what
            for sentence, step in solution(document):
                found += [sentence + 1] * len(self.vocabulary.encode(step)) + [-1]
        return (found + [-1] * length)[:length]

    def pad(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """Pad rows to a batch.

        Shapes: input_ids [b u w]; attention_mask, units, paragraphs [b u]; labels, support [b t]; example_id [b].
        """
        found: list[Any] = [row["input_ids"] for row in rows]
        most, longest = max(map(len, found)), max(len(unit) for row in found for unit in row)
        ids = torch.full((len(rows), most, longest), PAD)
        for number, units in enumerate(found):
            ids[number, : len(units)] = torch.tensor([[*unit, *[PAD] * (longest - len(unit))] for unit in units])
        batch = {"input_ids": ids, "attention_mask": stack([[1] * len(row) for row in found], 0)}
        batch |= {name: stack([row[name] for row in rows], -1) for name in ("units", "paragraphs")}  # type: ignore[misc]
        if "labels" in rows[0]:
            batch["labels"] = stack([row["labels"] for row in rows], IGNORED)  # type: ignore[misc]
        if "support" in rows[0]:
            batch["support"] = stack([row["support"] for row in rows], -1)  # type: ignore[misc]
        if "example_id" in rows[0]:  # a companion has that of its document
            batch["example_id"] = torch.tensor([row["example_id"] for row in rows])
        return batch

    def decode(self, ids: Iterable[int]) -> str:
        """The answer that these words give: what follows the reasoning, where there is one."""
        found = list(ids)
        if ANSWER in found:
            found = found[found.index(ANSWER) + 1 :]
        return self.vocabulary.decode(found)

    def steps(self, ids: Iterable[int]) -> tuple[str, ...]:
        """The steps of the reasoning that these words give; empty where the reader writes none."""
        steps, words = [], []
        for word in ids:
            if word == ANSWER:
                break
            if word == STEP:
                steps.append(self.vocabulary.decode(words))
                words = []
            else:
                words.append(word)
        return tuple(steps)

    def save(self, folder: Path) -> None:
        """Write the words and the settings."""
        self.vocabulary.save(folder)
        settings = {"max_words": self.max_words, "max_answer": self.longest, "chain": self.chain}
        (folder / FILE).write_text(json.dumps(settings | {"overlong": self.overlong}, indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> SentenceReader:
        """Read what `save` wrote.

        Raises: FileNotFoundError: If the folder holds no reader.
        """
        vocabulary = Vocabulary.load(folder)
        return cls(vocabulary, **json.loads((folder / FILE).read_text()))
