"""All studies: what each one shows, and its grid at each profile.

Plain data: nothing heavy is imported, so that the commands that list and look up answer at once. Tests hold the grids
against the modules that measure them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from robustlab.study.engine.grid import Block, Scale, Study

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
THREE, FIVE = (0, 1, 2), (0, 1, 2, 3, 4)

_PRETRAINED = ("none", "words", "words-matched", "multi-scale", "text-views")
_SCALE_LEFT_OUT = ("without-tokens", "without-sentences", "without-documents")


def _drops(whole: Sequence[str], elsewhere: Sequence[str] = ()) -> tuple[Block, ...]:
    """Every pre-training, and the main ones under adversarial fine-tuning too; on other tasks the decisive ones."""
    decisive = tuple(name for name in _PRETRAINED if name != "words")
    blocks: tuple[Block, ...] = (
        {"task": whole, "pretraining": (*_PRETRAINED, *_SCALE_LEFT_OUT), "finetuning": ("standard",)},
        {"task": whole, "pretraining": _PRETRAINED, "finetuning": ("pgd",)},
    )
    return (*blocks, {"task": elsewhere, "pretraining": decisive, "finetuning": ("standard",)}) if elsewhere else blocks


_ALL: tuple[Study, ...] = (
    Study(
        name="glue-drop",
        shows="what pre-training does to the accuracy drop under attack",
        notebook=NOTEBOOKS / "pretraining" / "glue_drop.ipynb",
        defaults={"task": "sst2", "pretraining": "none", "finetuning": "standard"},
        metrics=("summary.clean_accuracy.value", "summary.robust_accuracy.value"),
        scales={
            "smoke": Scale(blocks=_drops(["reviews"]), seeds=(0,), minutes=0.3),
            "laptop": Scale(
                blocks=_drops(["sst2"], ["qnli"]),
                seeds=THREE,
                minutes=6,
                needs="SST-2, QNLI, IMDB and AG News in ROBUSTLAB_DATA, MiniLM, TextAttack",
            ),
            "gpu": Scale(
                blocks=_drops(["sst2", "qqp", "mnli", "qnli", "rte"]),
                seeds=FIVE,
                minutes=240,
                needs="a GPU with 24 GiB, the hub for QQP, MNLI and RTE, TextAttack with its vectors",
            ),
        },
    ),
)
STUDIES: Mapping[str, Study] = MappingProxyType({study.name: study for study in _ALL})
