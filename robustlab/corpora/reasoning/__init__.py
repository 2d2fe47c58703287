"""Generated documents for reasoning over long texts, with a solver that certifies their answers."""

from robustlab.corpora.reasoning.counterfactual import counterfactual
from robustlab.corpora.reasoning.generate import generate, load
from robustlab.corpora.reasoning.solver import Solution, agreeing, conflicts, solve

__all__ = ["Solution", "agreeing", "conflicts", "counterfactual", "generate", "load", "solve"]
