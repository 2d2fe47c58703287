"""Made-up rows of the reasoning studies, with just what the chapters' helpers read."""

from dataclasses import asdict

from robustlab.corpora.documents import PERTURBATIONS
from robustlab.study.reasoning.cells import Cell


def row(cell: Cell, *, robust=0.5, clean=0.9, latent=0.2, documents=(), **others):
    """A row whose metrics are the numbers that are given, the same for every kind of perturbation."""
    return (
        asdict(cell)
        | {
            "profile": "laptop",
            "protocol": {"batch_size": 32, "examples": 64, "sentences": 5},
            "documents": max(1, len(documents)),
            "robust_accuracy": robust,
            "worst_case_accuracy": robust / 2,
            "consistency": robust,
            "clean_accuracy": clean,
            "counterfactual_accuracy": clean,
            "semantic_deviation": 0.1,
            "adversarial_sensitivity": latent,
            "by_kind": {f"{kind}/{level}": [robust, 0.0] for kind in PERTURBATIONS for level in ("easy", "hard")},
            "by_document": {"robust_accuracy": list(documents)},
        }
        | others
    )
