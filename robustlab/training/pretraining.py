"""Pre-train an encoder on unlabelled text in one call, with the trainer that fine-tuning has."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from datasets import Dataset
from torch import nn
from transformers import PrinterCallback, TrainerCallback, TrainingArguments

from robustlab.contrastive.engines import InBatch, Prototypes
from robustlab.landscape import HookedLandscape
from robustlab.methods import Method
from robustlab.models.encoders import Encoder
from robustlab.objective.multi_scale import MultiScale
from robustlab.randomness import key
from robustlab.training.clustering import FitPrototypes
from robustlab.training.fitting import QuietBar, checkpoint_in, keeping, schedule, surroundings
from robustlab.training.held_out import Geometry, HeldOut, geometry
from robustlab.training.precision import kept_to_itself
from robustlab.training.recipe import Recipe
from robustlab.training.sentence_batches import Masking, SentenceCollator, sentences_of
from robustlab.training.trainer import RobustTrainer

DEFAULT = Recipe(epochs=1, batch_size=8, learning_rate=3e-5, max_length=64, log_every=10)


class Pretrained(NamedTuple):
    """What a pre-training leaves behind.

    Attributes:
        encoder: The trained encoder, in evaluation mode, with its tokenizer.
        history: One dict a log, with `step` and `epoch`: losses by scale, and the geometry where pairs were held out.
        before: Geometry of the pairs before the first step; None without pairs.
        after: The same after the last.
    """

    encoder: Encoder
    history: list[dict[str, Any]]
    before: Geometry | None
    after: Geometry | None


class PretrainingTrainer(RobustTrainer):
    """A trainer whose batches are sentences, and whose logs tell where held-out ones lie.

    Args:
        encoder: That is trained, with its tokenizer.
        held_out: What to look at; None for nothing.
        **trainer: Arguments of `RobustTrainer`; its method's objective is `MultiScale`.
    """

    def __init__(self, *, encoder: Encoder, held_out: HeldOut | None = None, **trainer: Any):
        super().__init__(model=encoder.model, **trainer)
        self.encoder, self.held_out = encoder, held_out
        objective = self.method.objective
        assert isinstance(objective, MultiScale)
        self.temperature = objective.temperature
        self.masking = Masking.of(encoder.tokenizer) if objective.scales.masked else None

    def _landscape(self, model: nn.Module, inputs: dict[str, Any]) -> HookedLandscape:
        when = (self.state.global_step, self._micro_step, self.accelerator.process_index)
        return sentences_of(
            self.accelerator.unwrap_model(model),
            inputs,
            masking=self.masking,
            temperature=self.temperature,
            noise=self.noise,
            seed=key(self.args.seed, "dropout", *when),
            generator=self._generator(inputs),
        )

    def log(self, logs: dict[str, float], *start_time: Any) -> None:
        """Add the geometry of the held-out pairs where it is due."""
        last = self.state.global_step >= self.state.max_steps
        if self.held_out is not None and "loss" in logs and (last or self.state.global_step % self.held_out.every == 0):
            logs |= geometry(self.encoder, self.held_out.pairs)._asdict()
        super().log(logs, *start_time)


def pretrain(
    encoder: Encoder,
    method: Method,
    rows: Dataset,
    recipe: Recipe = DEFAULT,
    *,
    held_out: HeldOut | None = None,
    seed: int = 0,
    output: str | Path | None = None,
    resume: bool = False,
    device: str | None = None,
    callbacks: Sequence[TrainerCallback] = (),
    report_to: Sequence[str] = (),
    progress: bool = False,
) -> Pretrained:
    """Pre-train an encoder in place.

    Args:
        encoder: From `robustlab.models.load_encoder`.
        method: From `robustlab.methods.multi_scale`.
        rows: From `sentence_rows`; a batch is so many rows, each of one or several sentences.
        recipe: Epochs, learning rate and the like.
        held_out: What is looked at on the way.
        seed: Seeds order, dropout, masks and random starts.
        output: Where checkpoints go; a temporary folder where not given.
        resume: Continue from the last checkpoint in `output`.
        device: "cpu" to stay off an accelerator; None takes what is there.
        callbacks: Called by the trainer while it runs.
        report_to: Trackers: "tensorboard", …
        progress: Show a progress bar.

    Raises:
        ValueError: If there are no rows, the method is none of pre-training, the documents' scale is wanted and no row
            has two sentences, or there is nothing to resume.
        NonFiniteLossError: When a loss is not finite.
    """
    check_rows(method, rows, recipe.batch_size)
    before = None if held_out is None else geometry(encoder, held_out.pairs)
    with ExitStack() as stack:
        stack.enter_context(kept_to_itself())
        folder = Path(stack.enter_context(TemporaryDirectory()) if output is None else output)
        checkpoint = checkpoint_in(folder) if resume else None
        arguments = TrainingArguments(
            **schedule(recipe, seen(method, rows, recipe.batch_size)),
            **keeping(folder, validated=False, temporary=output is None),
            **surroundings(seed, device, report_to),
            dataloader_drop_last=contrasted(method),
            remove_unused_columns=False,  # the collator reads columns that the encoder does not know
        )
        trainer = PretrainingTrainer(
            encoder=encoder,
            held_out=held_out,
            method=method,
            args=arguments,
            train_dataset=rows,
            data_collator=SentenceCollator(encoder.tokenizer),
            processing_class=encoder.tokenizer,
        )
        trainer.remove_callback(PrinterCallback)
        for callback in (*_clustering(method, encoder, rows), *callbacks, *([QuietBar()] if progress else [])):
            trainer.add_callback(callback)
        trainer.train(resume_from_checkpoint=checkpoint)
    encoder.model.eval()
    after = None if held_out is None else geometry(encoder, held_out.pairs)
    return Pretrained(encoder, list(trainer.state.log_history), before, after)


def seen(method: Method, rows: Dataset, batch_size: int) -> int:
    """Rows of an epoch: a short last batch would have other negatives, or none, and is left out of a contrast."""
    return len(rows) - (len(rows) % batch_size if contrasted(method) else 0)


def contrasted(method: Method) -> bool:
    """Whether sentences are compared with each other, and not only read one by one."""
    objective = method.objective
    return isinstance(objective, MultiScale) and objective.scales.contrasted


def _clustering(method: Method, encoder: Encoder, rows: Dataset) -> list[TrainerCallback]:
    engine = method.objective.engine  # type: ignore[union-attr]  # check_rows has seen to it
    return [FitPrototypes(engine, encoder, rows)] if isinstance(engine, Prototypes) else []


def check_rows(method: Method, rows: Dataset, batch_size: int) -> None:
    """Refuse rows that a method cannot learn from.

    Raises: ValueError: If there are none, the method is another, no row has the two sentences that a document needs, or
        a batch would have nothing to compare.
    """
    if len(rows) == 0:
        raise ValueError("there is no text to pre-train on")
    objective = method.objective
    if not isinstance(objective, MultiScale):
        raise ValueError(f"pre-training needs methods.multi_scale, got an objective {type(objective).__name__}")
    if objective.scales.documents and max(map(len, rows["ids"])) < 2:
        raise ValueError(
            "no document has two sentences, so there are no halves to compare: give longer texts, or set the weight of "
            "the documents to 0"
        )
    if objective.scales.contrasted and len(rows) < batch_size:
        raise ValueError(f"expected at least one batch of {batch_size} rows, got {len(rows)}; lower the batch size")
    alone = batch_size == 1 and min(map(len, rows["ids"])) == 1
    if objective.scales.sentences and alone and isinstance(objective.engine, InBatch | Prototypes):
        raise ValueError(
            "a batch of one row may be one sentence, which has nothing to be far from: raise the batch size, or take "
            "an engine that remembers"
        )
    missing = [name for name, wanted in (("negative", objective.hard), ("view", objective.view == "text")) if wanted]
    missing = [name for name in missing if f"{name}_ids" not in rows.column_names and objective.scales.contrasted]
    if missing:
        raise ValueError(f"the method reads {' and '.join(missing)} texts, and the rows have none; see sentence_rows")
