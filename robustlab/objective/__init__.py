"""What is learned from a path: an outer loss as terms, each one backward pass."""

from robustlab.objective.adaptive import Adaptive
from robustlab.objective.augmented import Augmented
from robustlab.objective.base import Objective, Terms
from robustlab.objective.consistency import Consistency
from robustlab.objective.discrepancy import mmd, sinkhorn, unbiased_mmd
from robustlab.objective.mean_teacher import MeanTeacher
from robustlab.objective.r_drop import RDrop
from robustlab.objective.semrode import SemRoDe
from robustlab.objective.tableau import Tableau, implied_weights
from robustlab.objective.trace import Trace
from robustlab.objective.weights import (
    ExponentiatedWeights,
    ProjectedWeights,
    SimplexWeights,
    SoftmaxWeights,
    project_to_simplex,
)

__all__ = [
    "Adaptive",
    "Augmented",
    "Consistency",
    "ExponentiatedWeights",
    "MeanTeacher",
    "Objective",
    "ProjectedWeights",
    "RDrop",
    "SemRoDe",
    "SimplexWeights",
    "SoftmaxWeights",
    "Tableau",
    "Terms",
    "Trace",
    "implied_weights",
    "mmd",
    "project_to_simplex",
    "sinkhorn",
    "unbiased_mmd",
]
