"""What is learned from a path: an outer loss as terms, each one backward pass."""

from robustlab.objective.adaptive import Adaptive
from robustlab.objective.adversarial_attention import AdversarialAttention
from robustlab.objective.attention_masks import ConcreteMasks, MaskHead
from robustlab.objective.augmented import Augmented
from robustlab.objective.base import Objective, Terms
from robustlab.objective.by_difficulty import AdaptiveByDifficulty, DifficultyWeights
from robustlab.objective.consistency import Consistency
from robustlab.objective.contrast import Contrast
from robustlab.objective.discrepancy import mmd, sinkhorn, unbiased_mmd
from robustlab.objective.distribution_shift import DistributionShift
from robustlab.objective.flooding import Flooding, PilotPass, accordance
from robustlab.objective.infobert import InfoBERT, stable_words
from robustlab.objective.mean_teacher import MeanTeacher
from robustlab.objective.multi_scale import MultiScale
from robustlab.objective.mutual_information import Conditional, InfoNCE, club, leave_one_out
from robustlab.objective.one_negative import OneNegative
from robustlab.objective.r_drop import RDrop
from robustlab.objective.scale import Annealed, Constant, Learned, Scale
from robustlab.objective.scales import Scales
from robustlab.objective.self_negative import TwoSided
from robustlab.objective.semrode import SemRoDe
from robustlab.objective.sensitivity import CounterfactualLoss, Hinge, Sensitivity, Unlikelihood
from robustlab.objective.share import ShareOfSteps
from robustlab.objective.supervised_contrast import SupervisedContrast
from robustlab.objective.tableau import Tableau, implied_weights
from robustlab.objective.toward_away import TowardAway, log_likelihood_away, unlikelihood_away
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
    "AdaptiveByDifficulty",
    "AdversarialAttention",
    "Annealed",
    "Augmented",
    "ConcreteMasks",
    "Conditional",
    "Consistency",
    "Constant",
    "Contrast",
    "CounterfactualLoss",
    "DifficultyWeights",
    "DistributionShift",
    "ExponentiatedWeights",
    "Flooding",
    "Hinge",
    "InfoBERT",
    "InfoNCE",
    "Learned",
    "MaskHead",
    "MeanTeacher",
    "MultiScale",
    "Objective",
    "OneNegative",
    "PilotPass",
    "ProjectedWeights",
    "RDrop",
    "Scale",
    "Scales",
    "SemRoDe",
    "Sensitivity",
    "ShareOfSteps",
    "SimplexWeights",
    "SoftmaxWeights",
    "SupervisedContrast",
    "Tableau",
    "Terms",
    "TowardAway",
    "Trace",
    "TwoSided",
    "Unlikelihood",
    "accordance",
    "club",
    "implied_weights",
    "leave_one_out",
    "log_likelihood_away",
    "mmd",
    "project_to_simplex",
    "sinkhorn",
    "stable_words",
    "unbiased_mmd",
    "unlikelihood_away",
]
