"""Made rows of Table 1, as the studies write them."""

from statistics import fmean

import numpy as np

from robustlab.study.reasoning import lines

DOCUMENTS = 40


def made(name, seed, level, *, way="greedy", documents=DOCUMENTS, latent=True, spread=0.1):
    """A row whose documents have `level` on average, whatever the metric."""
    rng = np.random.default_rng([seed, sum(map(ord, name)), documents])
    kept = {}
    for measure in (
        "clean_accuracy",
        "robust_accuracy",
        "worst_case_accuracy",
        "consistency",
        "counterfactual_accuracy",
    ):
        noise = rng.uniform(-spread, spread, documents)
        kept[measure] = [round(float(value), 4) for value in np.clip(level + noise - noise.mean(), 0, 1)]
    row = {"method": name if way == "greedy" else "standard", "inference": way, "seed": seed, "profile": "p"}
    row |= {"units": 3, "train_cpu_seconds": 10.0 + seed, "by_document": kept}
    row |= {measure: fmean(values) for measure, values in kept.items()}
    row |= {f"{measure}_low": row[measure] - 0.03 for measure in kept}
    row |= {f"{measure}_high": row[measure] + 0.05 for measure in kept}
    row |= {"semantic_deviation": 1 - level, "semantic_deviation_low": 1 - level, "semantic_deviation_high": 1 - level}
    if latent:
        row |= {"adversarial_sensitivity": 1 - level, "sensitivity_by_document": [1 - level] * 5}
    return row


NULL = ("uellm", "llmcad", "guide")


def five(levels, seeds=(0, 1)):
    rows = []
    for seed in seeds:
        rows.append(made("selection-inference", seed, levels[0], way="selection-inference", latent=False))
        same = made("uellm", seed, levels[1])
        rows += [same | {"method": "standard", "inference": name} for name in NULL]
        rows.append(made("self-negative", seed, levels[2]))
    return lines.lines(rows)
