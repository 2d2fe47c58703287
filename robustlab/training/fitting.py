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
    EvalPrediction,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    TrainerCallback,
    TrainingArguments,
)
from transformers.trainer_callback import ProgressCallback

from robustlab.methods import Method
from robustlab.models import tokenise
from robustlab.models.encoding import ATTACKED
from robustlab.objective import attacked
from robustlab.training.batches import Collator
from robustlab.training.checkpoints import last_complete
from robustlab.training.precision import kept_to_itself
from robustlab.training.recipe import Recipe
from robustlab.training.trainer import RobustTrainer

DEFAULT = Recipe()


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
    recipe: Recipe = DEFAULT,
    *,
    validation: Dataset | None = None,
    seed: int = 0,
    output: str | Path | None = None,
    resume: bool = False,
    device: str | None = None,
    callbacks: Sequence[TrainerCallback] = (),
    report_to: Sequence[str] = (),
    progress: bool = False,
) -> Fitted:
    """Fine-tune `model` in place with `method`.

    Args:
        model: A sequence classifier.
        tokenizer: Its tokenizer.
        method: From `robustlab.methods`.
        train: Rows of text, from `robustlab.corpora`.
        recipe: Epochs, learning rate and the like.
        validation: Rows held out of train: the weights with the highest accuracy on them are kept.
        seed: Seeds order, dropout and random starts.
        output: Where checkpoints go; a temporary folder where not given.
        resume: Continue from the last checkpoint in `output`.
        device: "cpu" to stay off an accelerator; None takes what is there.
        callbacks: Called by the trainer while it runs: to measure, to stop early, ….
        report_to: Trackers: "tensorboard", …
        progress: Show a progress bar.

    Raises:
        ValueError: If there are no rows, none of them attacked where the method needs it, or nothing to resume.
        NonFiniteLossError: When a loss is not finite.
    """
    if len(train) == 0:
        raise ValueError("the training set is empty")
    if attacked.NAME in method.objective.needs and ATTACKED + "text" not in train.column_names:
        raise ValueError(f"this method learns from attacked texts, and the training set has none; {attacked.REMEDY}")
    with ExitStack() as stack:
        stack.enter_context(kept_to_itself())
        folder = Path(stack.enter_context(TemporaryDirectory()) if output is None else output)
        checkpoint = checkpoint_in(folder) if resume else None
        arguments = TrainingArguments(
            **schedule(recipe, len(train)),
            **keeping(folder, validated=validation is not None, temporary=output is None),
            **surroundings(seed, device, report_to),
        )
        trainer = _trainer(model, tokenizer, method, train, validation, arguments, max_length=recipe.max_length)
        for callback in (*callbacks, *([QuietBar()] if progress else [])):
            trainer.add_callback(callback)
        trainer.train(resume_from_checkpoint=checkpoint)
        return _fitted(trainer)


def schedule(recipe: Recipe, rows: int) -> dict[str, Any]:
    """A recipe in the trainer's words."""
    per_epoch = recipe.steps_an_epoch(rows)
    every = math.ceil(per_epoch / recipe.validations)
    return {
        "num_train_epochs": recipe.epochs,
        "per_device_train_batch_size": recipe.batch_size,
        "per_device_eval_batch_size": 4 * recipe.batch_size,
        "gradient_accumulation_steps": recipe.gradient_accumulation,
        "learning_rate": recipe.learning_rate,
        "warmup_steps": round(recipe.warmup * per_epoch * recipe.epochs),
        "weight_decay": recipe.weight_decay,
        "bf16": recipe.bf16,
        "logging_steps": recipe.log_every,
        "eval_steps": every,
        "save_steps": every,
    }


def keeping(folder: Path, *, validated: bool, temporary: bool) -> dict[str, Any]:
    """Which weights are written, and which are kept in the end."""
    return {
        "output_dir": str(folder),
        "eval_strategy": "steps" if validated else "no",
        "save_strategy": "steps" if validated or not temporary else "no",
        "save_total_limit": 2,
        "save_only_model": temporary,
        "load_best_model_at_end": validated,
        "metric_for_best_model": "accuracy" if validated else None,
    }


def surroundings(seed: int, device: str | None, report_to: Sequence[str]) -> dict[str, Any]:
    """Where a training runs and whom it tells."""
    return {
        "seed": seed,
        "use_cpu": device == "cpu" or not torch.accelerator.is_available(),  # bf16 on a CPU must be asked for
        "report_to": list(report_to) or "none",
        "disable_tqdm": True,  # its own bar prints a dict at every log, and draws a widget in notebooks; see QuietBar
        "dataloader_pin_memory": device != "cpu" and torch.cuda.is_available(),
    }


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
        data_collator=Collator(tokenizer),
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


def checkpoint_in(folder: Path) -> str:
    """The last complete checkpoint of a folder.

    Raises: ValueError: If it holds none.
    """
    found = last_complete(folder)
    if found is None:
        raise ValueError(f"nothing to resume: {folder} holds no complete checkpoint")
    return str(found)


def _accuracy(prediction: EvalPrediction) -> dict[str, float]:
    logits = prediction.predictions[0] if isinstance(prediction.predictions, tuple) else prediction.predictions
    return {"accuracy": float((logits.argmax(-1) == prediction.label_ids).mean())}
