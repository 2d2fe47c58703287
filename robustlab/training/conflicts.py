"""Which sentences of documents conflict, as labels of a batch: what a probe of their states learns from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from robustlab.ascent.conflict import CONFLICTS, SemanticConflict
from robustlab.corpora.documents import Document
from robustlab.corpora.reasoning import agreeing, conflicts
from robustlab.landscape import GenerationLandscape, Site
from robustlab.models.reasoner import Reasoner
from robustlab.randomness import key

UNKNOWN = -1
CONTRASTED = 96  # pairs of a document that do not conflict: a long one has a thousand, and the probe needs no more


def conflict_labels(
    documents: Sequence[Document], units: int, *, contrasted: int = CONTRASTED, seed: int = 0
) -> Int[Tensor, "b u u"]:
    """1 for pairs of sentences that conflict, 0 for some that do not, -1 for all others.

    Args:
        documents: Generated ones, whose sentences can be read.
        units: Of the batch; later sentences were cut off and have no state.
        contrasted: How many pairs of a document are given as not conflicting.
        seed: Chooses them, with the document's number.

    Shapes: result [b u u], pairs (i, j) with i < j.
    """
    found = torch.full((len(documents), units, units), UNKNOWN)
    for row, document in zip(found, documents, strict=True):
        size = min(units, len(document.sentences))
        pairs = torch.triu_indices(size, size, 1).T
        generator = torch.Generator().manual_seed(key(seed, "conflicts", document.example_id))
        i, j = pairs[torch.randperm(len(pairs), generator=generator)[:contrasted]].T
        row[i, j] = 0
        for value, found_pairs in ((0, agreeing(document)), (1, conflicts(document))):
            for first, second in found_pairs:
                if second < size:
                    row[first, second] = value
    return found


def with_conflicts(batch: dict[str, Tensor], documents: Sequence[Document], *, seed: int = 0) -> dict[str, Tensor]:
    """A batch of these documents that says which of their sentences conflict."""
    units = int(batch["units"].max()) + 1
    return batch | {CONFLICTS: conflict_labels(documents, units, seed=seed).to(batch["units"].device)}


def conflict_probe(
    reasoner: Reasoner,
    documents: Sequence[Document],
    *,
    site: Site | None = None,
    batch_size: int = 32,
    decay: float = 1e-3,
    seed: int = 0,
) -> SemanticConflict:
    """Fit a probe of semantic conflicts to a model's states of documents whose sentences can be read.

    probe = conflict_probe(reasoner, [*documents, *contradictions])
    negative = ascent.Negative(ascent.Swap(), kappa=0.25, detectors={probe: 1.0})

    Args:
        reasoner: Whose states; the probe belongs to them, and a model that goes on learning leaves it behind.
        documents: Generated ones or their variants; those under "contradiction" have most conflicts.
        site: Of the states; the encoder's output, or that of a decoder's middle block, where not given.
        batch_size: Documents in a forward.
        decay: Of the probe.
        seed: Chooses the pairs that do not conflict.

    Raises: ValueError: If there is no conflict in the documents.
    """

    def landscapes() -> Iterator[GenerationLandscape]:
        for first in range(0, len(documents), batch_size):
            some = documents[first : first + batch_size]
            batch = with_conflicts(reasoner.batch(some), some, seed=seed)
            yield GenerationLandscape(reasoner.model, batch, site=site, noise="off")

    probe = SemanticConflict(decay=decay)
    probe.prepare(landscapes())
    return probe
