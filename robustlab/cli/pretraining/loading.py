"""What `robustlab pretrain` needs, checked and loaded: texts, what is held out of them, encoder, rows and method."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from robustlab.cli import cost, device, run_folder
from robustlab.cli.pretraining import engines
from robustlab.cli.pretraining.settings import Pretrain
from robustlab.contrastive.texts.corpus import read_texts
from robustlab.methods import Method
from robustlab.methods.pretraining import multi_scale
from robustlab.models.encoders import Encoder, load_encoder
from robustlab.objective.scale_passes import View
from robustlab.training import unlabelled

if TYPE_CHECKING:
    from datasets import Dataset

    from robustlab.training import Recipe
    from robustlab.training.held_out import HeldOut


@dataclass(frozen=True)
class Run:
    """All that a run needs, loaded and checked."""

    settings: Pretrain
    method: Method
    device: str
    encoder: Encoder
    rows: Dataset
    held_out: HeldOut | None
    sentences: int

    @property
    def optimiser_steps(self) -> int:
        """Of the whole run."""
        from robustlab.training.pretraining import seen

        rows = seen(self.method, self.rows, self.recipe.batch_size)
        return self.recipe.epochs * self.recipe.steps_an_epoch(rows)

    @property
    def recipe(self) -> Recipe:
        """What was given, with several logs however short the run is."""
        return unlabelled.paced(self.settings.recipe, len(self.rows))

    def plan(self) -> dict[str, Any]:
        """What will run and what it costs."""
        units = cost.units(self.method)
        tokens = self.recipe.epochs * sum(len(ids) for row in self.rows["ids"] for ids in row)
        body = self.encoder.model.num_parameters(exclude_embeddings=True)
        return {
            "data": ", ".join(Path(source).name for source in self.settings.texts.sources),
            "rows": len(self.rows),
            "sentences": self.sentences,
            "held_out_sentences": len(self.held_out.pairs) if self.held_out else 0,
            "hard_negatives": self._share("negative_ids"),
            "model": self.settings.model,
            "parameters": self.encoder.model.num_parameters(),
            "scales": asdict(self.settings.scales),
            "engine": self.settings.contrast.engine,
            "view": self.settings.contrast.view,
            "device": self.device,
            "learning_rate": self.settings.learning_rate,
            "optimiser_steps": self.optimiser_steps,
            "cost_units_a_step": units,
            "tokens": tokens,
            "estimated_flops": cost.flops(units, body, tokens),
            "output": str(self.settings.output),
        }

    def _share(self, column: str) -> float | None:
        """Of the sentences that have such a text."""
        if column not in self.rows.column_names:
            return None
        return round(sum(bool(ids) for row in self.rows[column] for ids in row) / self.sentences, 3)


def load(settings: Pretrain) -> Run:
    """Check the settings, cheapest first, and load what they name.

    Raises: ValueError: If a setting is out of range or texts are too few for it; FileNotFoundError: if a file or model
        is not there.
    """
    from robustlab.training.pretraining import check_rows
    from robustlab.training.sentence_batches import sentence_rows

    engines.check("engine", settings.contrast.engine, engines.ENGINES)
    engines.check("view", settings.contrast.view, get_args(View))
    _method(settings, None)  # its checks are cheaper than reading
    chosen = device.choose(settings.fit.device)
    run_folder.check(settings)
    given = settings.texts
    texts = read_texts(given.sources, column=given.column, folder=given.folder, limit=given.limit)
    learned, kept = unlabelled.hold_out(texts, given.held_out, settings.fit.seed)
    encoder = load_encoder(settings.model, texts=[text.text for text in texts], seed=settings.fit.seed)
    recipe = settings.recipe
    rows = sentence_rows(
        [text.sentences for text in learned],
        encoder.tokenizer,
        sentences=given.sentences,
        max_length=recipe.max_length,
        others=_others(settings),
    )
    method = _method(settings, (rows, encoder))
    check_rows(method, rows, settings.fit.batch_size)
    seen = unlabelled.looked_at(kept, unlabelled.paced(recipe, len(rows)), len(rows), seed=settings.fit.seed)
    return Run(settings, method, chosen, encoder, rows, seen, sum(map(len, rows["ids"])))


def _others(settings: Pretrain) -> dict[str, Any]:
    contrast = settings.contrast
    if not (settings.scales.sentences or settings.scales.documents):
        return {}
    return unlabelled.others(seed=settings.fit.seed, negative=contrast.hard, view=contrast.view == "text")


def _method(settings: Pretrain, known: tuple[Dataset, Encoder] | None) -> Method:
    contrast = settings.contrast
    engine = None
    if known is not None:
        rows, encoder = known
        sentences, width = sum(map(len, rows["ids"])), encoder.model.config.hidden_size
        batch = settings.fit.batch_size * settings.texts.sentences
        engine = engines.ENGINES[contrast.engine](sentences, width, contrast.temperature, batch)
    return multi_scale(
        **asdict(settings.scales),
        engine=engine,
        view=contrast.view,  # type: ignore[arg-type]  # the objective says which there are
        hard=contrast.hard,
        temperature=contrast.temperature,
        chunk=contrast.chunk,
    )
