"""A model and the reader of its documents: what everything about reasoning works with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from robustlab.corpora.documents import Document
from robustlab.landscape.generation import units_at
from robustlab.landscape.sites import Site, state_site
from robustlab.models.reasoner.configuration import SentenceReasonerConfig
from robustlab.models.reasoner.greedy import greedy
from robustlab.models.reasoner.modeling import SentenceReasoner
from robustlab.models.reasoner.reading import DocumentReader, Overlong
from robustlab.models.reasoner.sentences import SentenceReader
from robustlab.models.reasoner.vocabulary import Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, eq=False)
class Reasoner:
    """Answers questions about documents.

    Args:
        model: A `SentenceReasoner`, or any encoder-decoder or decoder of transformers.
        reader: Turns documents into what it reads.
    """

    model: PreTrainedModel
    reader: DocumentReader

    @classmethod
    def small(
        cls,
        documents: Sequence[Document],
        *,
        seed: int = 0,
        chain: bool = False,
        overlong: Overlong = "error",
        **sizes: int | float,
    ) -> Reasoner:
        """A fresh sentence reasoner that knows the words of some documents.

        Args:
            documents: What the vocabulary is taken from: training documents, and no others.
            seed: Seeds the weights; the global random state is left as it was.
            chain: Whether it writes its reasoning before the answer.
            overlong: What becomes of sentences that are too long.
            **sizes: Of `SentenceReasonerConfig`.

        Raises: ValueError: If there are no documents or a size is out of range.
        """
        if not documents:
            raise ValueError("expected documents that the vocabulary is taken from, got none")
        texts = (text for one in documents for text in (*one.sentences, one.instruction, one.answer, *one.chain))
        vocabulary = Vocabulary.of(texts)
        config = SentenceReasonerConfig(vocab_size=len(vocabulary), **sizes)  # type: ignore[arg-type]
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            model = SentenceReasoner(config).eval()
        limits = {"max_words": config.max_words, "max_answer": config.max_answer}
        return cls(model, SentenceReader(vocabulary, chain=chain, overlong=overlong, **limits))

    def batch(self, documents: Sequence[Document], answers: bool = True) -> dict[str, Tensor]:
        """Documents as the model's inputs, with `units`, `example_id` and, where asked for, `labels`.

        Raises: ValueError: If there are no documents, or one is too long.
        """
        if not documents:
            raise ValueError("expected at least one document, got none")
        padded = self.reader.pad([self.reader.encode(document, answer=answers) for document in documents])
        return {name: value.to(self.model.device) for name, value in padded.items()}

    def answer(
        self,
        documents: Sequence[Document],
        *,
        batch_size: int = 64,
        offset: Tensor | None = None,
        site: Site | None = None,
    ) -> list[str]:
        """The model's answers, each word the most probable one.

        Args:
            documents: Any number.
            batch_size: Most documents in a forward.
            offset: What is added to the states of the documents' units, of the shape that a `GenerationLandscape` of
                these documents has; all are then read in one batch.
            site: Where it is added; the landscape's usual site where not given.

        Raises: ValueError: If `batch_size` is below 1, or the offset does not fit the documents.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        return [self.reader.decode(ids) for ids in self.write(documents, batch_size, offset, site)]

    def write(
        self,
        documents: Sequence[Document],
        batch_size: int = 64,
        offset: Tensor | None = None,
        site: Site | None = None,
    ) -> list[list[int]]:
        """The tokens behind `answer`, the reasoning included where the reader asks for it."""
        found: list[list[int]] = [[]] * len(documents)
        sizes = [document.words for document in documents]
        order = sorted(range(len(documents)), key=sizes.__getitem__)
        step = batch_size if offset is None else max(1, len(documents))
        if offset is not None:
            order = list(range(len(documents)))
            site = state_site(self.model) if site is None else site
        training = self.model.training
        self.model.eval()
        try:
            for first in range(0, len(order), step):
                rows = order[first : first + step]
                batch = self.batch([documents[row] for row in rows], answers=False)
                moved = None if offset is None else _on_units(offset, batch)
                settings = {"end": self.reader.end, "longest": self.reader.longest}
                ids = greedy(self.model, batch, site=site, offset=moved, **settings)
                for row, words in zip(rows, ids.tolist(), strict=True):
                    found[row] = words
        finally:
            self.model.train(training)
        return found

    def save(self, folder: str | Path) -> None:
        """Write the model and its reader to a folder."""
        self.model.save_pretrained(folder)
        self.reader.save(Path(folder))

    @classmethod
    def load(cls, name: str | Path, **settings: Any) -> Reasoner:
        """Load what `save` wrote, or a model of transformers with its tokenizer.

        Args:
            name: A folder, or a name on the hub.
            **settings: Of `PromptReader`, for a model that `save` did not write.

        Raises: FileNotFoundError: If there is no such model.
        """
        folder = Path(name)
        if (folder / "config.json").is_file():
            kind = json.loads((folder / "config.json").read_text()).get("model_type")
            if kind == SentenceReasonerConfig.model_type:
                # Single precision, whatever the file is kept in: versions of transformers differ in what they read.
                return cls(SentenceReasoner.from_pretrained(folder).float().eval(), SentenceReader.load(folder))
        from robustlab.models.reasoner.prompts import load_prompted

        return cls(*load_prompted(str(name), **settings))


def _on_units(offset: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
    """The offset at the words of these units; what a landscape has behind a prompt, its answers, is left out."""
    ids = batch["input_ids"]
    if len(offset) == len(ids) and (offset.shape[1] >= ids.shape[1] or ids.dim() == 3):
        if ids.dim() == 2:
            offset = offset[:, : ids.shape[1]]
        units = units_at(batch, offset.shape[1])
        assert units is not None
        return offset * (units >= 0).unsqueeze(-1)
    raise ValueError(
        f"an offset for these documents begins with {tuple(ids.shape[:2])}, got {tuple(offset.shape)}; take the shape "
        "from a GenerationLandscape of the same documents"
    )
