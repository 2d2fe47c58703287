"""Fine-tune a classifier with a method in one call: what the chapters, the studies and the command line share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch
from datasets import Dataset
from transformers import (
    DataCollatorWithPadding,
    EvalPrediction,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    TrainingArguments,
)
from transformers.trainer_callback import ProgressCallback
from transformers.trainer_utils import get_last_checkpoint

from robustlab.ascent.checks import positive
from robustlab.methods import Method
from robustlab.models import tokenise
from robustlab.training.trainer import RobustTrainer


class Fitted(NamedTuple):
    """What a fine-tuning leaves behind.

    Attributes:
        model: The trained model, in evaluation mode: the best on the validation set if there was one, else the last.
        history: One dict a log, training and evaluation alike, with `step` and `epoch`.
        last_state: Weights at the end of the last epoch, on the CPU; the same as the model's where it is the last.
        best_metric: Validation accuracy of the model, or None.
        best_step: Optimiser step the model comes from.
    """

    model: PreTrainedModel
    history: list[dict[str, Any]]
    last_state: dict[str, torch.Tensor]
    best_metric: float | None
    best_step: int


class QuietBar(ProgressCallback):
    """The trainer's progress bar without a printed dict at every log."""

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Show the loss beside the bar."""
        if self.training_bar is not None and logs and "loss" in logs:
            self.training_bar.set_postfix(loss=f"{logs['loss']:.3f}")


class FittingTrainer(RobustTrainer):
    """A trainer that remembers the last weights before it goes back to the best."""

    last_state: dict[str, torch.Tensor]

    def _load_best_model(self) -> None:
        self.last_state = snapshot(self.model)
        super()._load_best_model()


def snapshot(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of a model's weights on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}


def fit(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    method: Method,
    train: Dataset,
    *,
    validation: Dataset | None = None,
    validations: int = 1,
    epochs: int = 3,
    batch_size: int = 32,
    learning_rate: float = 2e-5,
    warmup: float = 0.1,
    weight_decay: float = 0.01,
    seed: int = 0,
    max_length: int = 128,
    output: str | Path | None = None,
    device: str | None = None,
    resume: bool = False,
    report_to: Sequence[str] = (),
    log_every: int = 1,
    progress: bool = False,
    bf16: bool = False,
    gradient_accumulation: int = 1,
) -> Fitted:
    """Fine-tune `model` in place with `method`.

    Args:
        model: A sequence classifier.
        tokenizer: Its tokenizer.
        method: From `robustlab.methods`.
        train: Rows of text, from `robustlab.corpora`.
        validation: Rows held out of train: the weights with the highest accuracy on them are kept.
        validations: How many times an epoch they are looked at.
        epochs: Passes over `train`.
        batch_size: Examples a device and micro-step.
        learning_rate: Highest learning rate; linear warm-up and decay.
        warmup: Share of the steps that warm up.
        weight_decay: AdamW's.
        seed: Seeds order, dropout and random starts.
        max_length: Longer texts are cut to this many tokens.
        output: Where checkpoints go; a temporary folder where not given.
        device: "cpu" to stay off an accelerator; None takes what is there.
        resume: Continue from the last checkpoint in `output`.
        report_to: Trackers: "tensorboard", …
        log_every: Optimiser steps between logs.
        progress: Show a progress bar.
        bf16: Mixed precision.
        gradient_accumulation: Micro-steps an optimiser step.

    Raises:
        ValueError: If there are no rows, `epochs` or `learning_rate` is not positive, or there is nothing to resume.
        NonFiniteLossError: When a loss is not finite.
    """
    _check(train, epochs=epochs, learning_rate=learning_rate, batch_size=batch_size, validations=validations)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()) if output is None else output)
        checkpoint = _checkpoint(folder) if resume else None
        per_epoch = math.ceil(math.ceil(len(train) / batch_size) / gradient_accumulation)
        every = math.ceil(per_epoch / validations)
        arguments = TrainingArguments(
            output_dir=str(folder),
            num_train_epochs=epochs,
            per_device_train_batch_size=batch_size,
            per_device_eval_batch_size=4 * batch_size,
            gradient_accumulation_steps=gradient_accumulation,
            learning_rate=learning_rate,
            warmup_steps=round(warmup * per_epoch * epochs),
            weight_decay=weight_decay,
            seed=seed,
            bf16=bf16,
            use_cpu=device == "cpu",
            logging_steps=log_every,
            report_to=list(report_to) or "none",
            eval_strategy="no" if validation is None else "steps",
            eval_steps=every,
            save_strategy="no" if validation is None and output is None else "steps",
            save_steps=every,
            save_total_limit=2,
            save_only_model=output is None,
            load_best_model_at_end=validation is not None,
            metric_for_best_model=None if validation is None else "accuracy",
            disable_tqdm=True,  # its own bar prints a dict at every log, and draws a widget in notebooks; see QuietBar
            dataloader_pin_memory=device != "cpu" and torch.cuda.is_available(),
        )
        trainer = _trainer(model, tokenizer, method, train, validation, arguments, max_length=max_length)
        if progress:
            trainer.add_callback(QuietBar)
        trainer.train(resume_from_checkpoint=checkpoint)
        return _fitted(trainer)


def _check(train: Dataset, **numbers: float) -> None:
    if len(train) == 0:
        raise ValueError("the training set is empty")
    for name, value in numbers.items():
        positive(name, value)


def _trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    method: Method,
    train: Dataset,
    validation: Dataset | None,
    arguments: TrainingArguments,
    *,
    max_length: int,
) -> FittingTrainer:
    trainer = FittingTrainer(
        model=model,
        method=method,
        args=arguments,
        train_dataset=tokenise(train, tokenizer, max_length=max_length),
        eval_dataset=None if validation is None else tokenise(validation, tokenizer, max_length=max_length),
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
        compute_metrics=_accuracy,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _fitted(trainer: FittingTrainer) -> Fitted:
    state = trainer.state
    last_state = getattr(trainer, "last_state", None) or snapshot(trainer.model)
    best = state.best_global_step if state.best_metric is not None else state.global_step
    return Fitted(
        trainer.model.eval(), list(state.log_history), last_state, state.best_metric, best or state.global_step
    )


def _checkpoint(folder: Path) -> str:
    found = get_last_checkpoint(str(folder)) if folder.is_dir() else None
    if found is None:
        raise ValueError(f"nothing to resume: {folder} holds no checkpoint")
    return found


def _accuracy(prediction: EvalPrediction) -> dict[str, float]:
    logits = prediction.predictions[0] if isinstance(prediction.predictions, tuple) else prediction.predictions
    return {"accuracy": float((logits.argmax(-1) == prediction.label_ids).mean())}
