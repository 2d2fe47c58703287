"""What every cell is asked: documents of the dev split, their variants and their counterfactuals; and how it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from robustlab import text
from robustlab.corpora import reasoning
from robustlab.corpora.documents import Document
from robustlab.evaluation.reasoning import metrics
from robustlab.evaluation.reasoning.asking import ask
from robustlab.evaluation.reasoning.encoders import Encoder
from robustlab.evaluation.reasoning.grouping import Asked, by_document, selected
from robustlab.evaluation.reasoning.rows import Answerer
from robustlab.evaluation.reasoning.sensitivity import BUDGET, sensitivity
from robustlab.evaluation.reasoning.summary import summarise
from robustlab.landscape import GenerationLandscape
from robustlab.models.reasoner import Reasoner
from robustlab.study.reasoning.methods import place
from robustlab.study.reasoning.protocol import Protocol

EVALUATION_SEED = 7919  # of the variants: no training uses it
TOLD = ("clean_accuracy", "robust_accuracy", "worst_case_accuracy", "consistency", "counterfactual_accuracy")
"""Metrics that a row keeps for each document, for paired tests."""


@dataclass(frozen=True, eq=False)
class Exam:
    """Originals, and all that is asked: originals, variants, counterfactuals."""

    documents: list[Document]
    asked: list[Document]


def exam(protocol: Protocol) -> Exam:
    """The exam of a profile: the same for every cell."""
    documents = reasoning.load("dev", protocol.documents, sentences=protocol.sentences)
    asked = list(documents)
    for document in documents:
        asked += text.variants(
            document, kinds=protocol.kinds, levels=protocol.levels, draws=protocol.draws, seed=EVALUATION_SEED
        )
        asked.append(reasoning.counterfactual(document, seed=EVALUATION_SEED))
    return Exam(documents, asked)


def take(
    paper: Exam,
    answerer: Answerer,
    reasoner: Reasoner | None,
    protocol: Protocol,
    encoder: Encoder,
    *,
    sites: Sequence[str] = ("encoder",),
) -> dict[str, Any]:
    """Every metric with its interval, what each document contributes, and Robust Accuracy by kind and level.

    Args:
        paper: The exam.
        answerer: Documents to answers.
        reasoner: Whose latent sensitivity is measured; None where the answers do not come from one model's states.
        protocol: How many documents and steps the sensitivity takes.
        encoder: For Semantic Deviation.
        sites: Where the sensitivity is measured, by the names that a cell has for them.
    """
    rows = ask(answerer, paper.asked, batch_size=256, progress=False)
    asked = by_document(rows)
    row = summarise(asked, encoder=encoder).plain()
    columns = metrics.values(asked)
    row["by_document"] = {name: [round(float(value), 4) for value in columns[name]] for name in TOLD}
    row["by_kind"] = {
        f"{kind}/{level}": _pair(asked, kind, level) for kind in protocol.kinds for level in protocol.levels
    }
    if reasoner is not None:
        row |= latent(reasoner, paper.documents[: protocol.sensitive], protocol, sites)
    return row


def _pair(asked: Sequence[Asked], kind: str, level: str) -> list[float]:
    """Robust Accuracy of one kind and level, average and worst of K."""
    columns = metrics.values(selected(asked, kind=kind, level=level))
    return [round(float(columns[name].mean()), 4) for name in ("robust_accuracy", "worst_case_accuracy")]


def latent(
    reasoner: Reasoner, documents: Sequence[Document], protocol: Protocol, sites: Sequence[str] = ("encoder",)
) -> dict[str, Any]:
    """Adversarial Sensitivity at κ₀ = .25 of each document and its mean, at the encoder's output and elsewhere.

    `sensitivity_at` has both for each of the sites, and what random offsets of the same length do: a search that finds
    no more than they do has found nothing.

    Raises: ValueError: If the encoder's output is not among the sites, or the model lacks one of them.
    """
    if "encoder" not in sites:
        raise ValueError(f"sites must hold 'encoder', whose sensitivity every row has, got {tuple(sites)}")
    reasoner.model.eval()
    found = {site: _found(reasoner, documents, protocol, site) for site in sites}
    return {
        "adversarial_sensitivity": found["encoder"]["mean"],
        "sensitivity_by_document": found["encoder"]["by_document"],
        "sensitivity_at": found,
        "sensitivity_steps": protocol.steps,
        "sensitivity_restarts": protocol.restarts,
    }


def _found(reasoner: Reasoner, documents: Sequence[Document], protocol: Protocol, site: str) -> dict[str, Any]:
    values: list[Tensor] = []
    noises: list[Tensor] = []
    for first in range(0, len(documents), 32):
        some = documents[first : first + 32]
        landscape = GenerationLandscape(
            reasoner.model, reasoner.batch(some), site=place(reasoner.model, site), noise="off"
        )
        measured = sensitivity(
            landscape,
            examples=[document.example_id for document in some],
            budgets=(BUDGET,),
            steps=protocol.steps,
            restarts=protocol.restarts,
        )
        values.append(measured.value[0])
        noises.append(measured.noise[0])
    each, noise = torch.cat(values).double(), torch.cat(noises).double()
    return {
        "mean": float(each.mean()),
        "noise": float(noise.mean()),
        "by_document": [round(value, 4) for value in each.tolist()],
    }
