"""All studies: what each one shows, and its grid at each profile."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from robustlab.study.engine.grid import Scale, Study
from robustlab.study.glue import cells as glue
from robustlab.study.glue.protocol import PROFILES as GLUE

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def _glue(profile: str, minutes: float, needs: str = "") -> Scale:
    protocol = GLUE[profile]
    grid = glue.cells([0], protocol.tasks, protocol.whole)
    names = ("task", "pretraining", "finetuning")
    blocks = [{name: [getattr(cell, name)] for name in names} for cell in grid]
    return Scale(blocks=blocks, seeds=protocol.seeds, minutes=minutes, needs=needs)


_ALL: tuple[Study, ...] = (
    Study(
        name="glue-drop",
        shows="what pre-training does to the accuracy drop under attack",
        notebook=NOTEBOOKS / "pretraining" / "glue_drop.ipynb",
        defaults={"task": "sst2", "pretraining": glue.NONE, "finetuning": glue.STANDARD},
        metrics=("summary.clean_accuracy.value", "summary.robust_accuracy.value"),
        scales={
            "smoke": _glue("smoke", 0.3),
            "laptop": _glue("laptop", 6, "SST-2, QNLI, IMDB and AG News in ROBUSTLAB_DATA, MiniLM, TextAttack"),
            "gpu": _glue("gpu", 240, "a GPU with 24 GiB, the hub for QQP, MNLI and RTE, TextAttack with its vectors"),
        },
    ),
)
STUDIES: Mapping[str, Study] = MappingProxyType({study.name: study for study in _ALL})
