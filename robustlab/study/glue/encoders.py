"""The encoder that a cell is fine-tuned from: pre-trained once for each seed, kept in a folder, read ever after."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from filelock import FileLock

from robustlab.contrastive.texts.corpus import Text, read_texts
from robustlab.contrastive.texts.wording import thesaurus
from robustlab.methods import Method
from robustlab.methods.pretraining import multi_scale
from robustlab.models.encoders import Encoder, load_encoder
from robustlab.study.glue.cells import ALL, MATCHED, PRETRAININGS
from robustlab.study.glue.protocol import Protocol
from robustlab.training.held_out import geometry
from robustlab.training.pretraining import Pretrained, pretrain
from robustlab.training.sentence_batches import sentence_rows
from robustlab.training.unlabelled import hold_out, looked_at, others, paced

if TYPE_CHECKING:
    from datasets import Dataset

FINISHED = "finished.json"
CHECKPOINTS = "checkpoints"


class Start(NamedTuple):
    """Where an encoder lies, and how it came about."""

    folder: Path
    told: dict[str, Any]


def start(
    protocol: Protocol,
    pretraining: str,
    seed: int,
    cache: Path,
    *,
    folder: Path | None = None,
    device: str | None = None,
    progress: bool = False,
) -> Start:
    """The encoder of a pre-training and a seed, made if the cache does not hold it.

    One that was cut off goes on from its last checkpoint, of which there is one an epoch. What was not pre-trained is
    kept as well, so that every cell loads its encoder the same way and a seed's fresh head is the same for all.

    Args:
        protocol: Its model, texts and recipe decide the encoder.
        pretraining: One of `cells.PRETRAININGS`.
        seed: Of weights that no checkpoint holds, the order, dropout and the texts that are held out.
        cache: Folder of finished and unfinished encoders.
        folder: Of local corpora.
        device: "cpu" to stay off an accelerator.
        progress: Show a progress bar.
    """
    settings = _settings(protocol, pretraining, seed)
    place = cache / f"{protocol.name}-{pretraining}-{seed}-{_digest(settings)}"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(place.with_name(f"{place.name}.lock")):  # several cells may ask for one encoder at a time
        if (place / FINISHED).is_file():
            return Start(place, json.loads((place / FINISHED).read_text(encoding="utf-8")))
        return _made(protocol, pretraining, seed, place, settings, folder=folder, device=device, progress=progress)


def _made(
    protocol: Protocol,
    pretraining: str,
    seed: int,
    place: Path,
    settings: dict[str, Any],
    *,
    folder: Path | None,
    device: str | None,
    progress: bool,
) -> Start:
    began, own = time.perf_counter(), time.process_time()
    texts = _texts(protocol, folder)
    encoder = load_encoder(protocol.model, texts=[text.text for text in texts], seed=seed)
    learned, aside = hold_out(texts, protocol.held_out, seed)
    told: dict[str, Any]
    if PRETRAININGS[pretraining] is None:
        told = _untrained(protocol, encoder, aside, seed)
    else:
        rows = _rows(protocol, pretraining, learned, encoder, seed)
        done = _pretrained(protocol, pretraining, encoder, rows, aside, seed, place, device=device, progress=progress)
        told = {name: one and one._asdict() for name, one in (("before", done.before), ("after", done.after))}
        told |= {"plan": _plan(protocol, pretraining, rows), "history": done.history}
    told |= {"settings": settings, "pretrain_seconds": round(time.perf_counter() - began, 1)}
    told["pretrain_cpu_seconds"] = round(time.process_time() - own, 1)
    return _kept(place, encoder, told)


def _untrained(protocol: Protocol, encoder: Encoder, aside: list[str], seed: int) -> dict[str, Any]:
    seen = looked_at(aside, protocol.pretraining, 1, seed=seed)
    found = None if seen is None else geometry(encoder, seen.pairs)._asdict()
    return {"before": found, "after": found, "plan": None}


def _settings(protocol: Protocol, pretraining: str, seed: int) -> dict[str, Any]:
    """All that the encoder depends on."""
    learned = PRETRAININGS[pretraining]
    return {
        "model": protocol.model,
        "texts": [list(one) for one in protocol.texts],
        "held_out": protocol.held_out,
        "sentences": protocol.sentences,
        "recipe": asdict(protocol.pretraining),
        "pretraining": pretraining,
        "learned": None if learned is None else asdict(learned),
        "thesaurus": thesaurus.best().name,
        "seed": seed,
    }


def _digest(settings: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=6).hexdigest()


def _texts(protocol: Protocol, folder: Path | None) -> list[Text]:
    found = [
        text for name, limit in protocol.texts for text in read_texts([name], split="train", folder=folder, limit=limit)
    ]
    return [text._replace(example_id=number) for number, text in enumerate(found)]


def method(pretraining: str) -> Method:
    """The method of a pre-training.

    Raises: ValueError: If it is none, or there is none of this name.
    """
    learned = PRETRAININGS.get(pretraining)
    if learned is None:
        there = ", ".join(name for name, one in PRETRAININGS.items() if one is not None)
        raise ValueError(f"expected a pre-training, one of {there}, got {pretraining!r}")
    return multi_scale(**asdict(learned.scales), view=learned.view, hard=learned.scales.contrasted)


def _units(pretraining: str) -> float:
    made = method(pretraining)
    return made.objective.units(made.ascent)


def _rows(protocol: Protocol, pretraining: str, texts: list[Text], encoder: Encoder, seed: int) -> Dataset:
    """The same whole batches of sentences for all; for the control at equal cost repeated as often as its cost allows.

    What is cut off at the end would be a batch that only some of the methods read.
    """
    objective: Any = method(pretraining).objective
    recipe = protocol.pretraining
    rows = sentence_rows(
        [text.sentences for text in texts],
        encoder.tokenizer,
        sentences=protocol.sentences,
        max_length=recipe.max_length,
        others=others(seed=seed, negative=objective.hard, view=objective.view == "text"),
    )
    whole = len(rows) // recipe.batch_size
    if not whole:
        raise ValueError(f"expected at least one batch of {recipe.batch_size} rows of text, got {len(rows)} rows")
    batches = round(whole * _units(ALL) / _units(pretraining)) if pretraining == MATCHED else whole
    kept = whole * recipe.batch_size
    return rows.shuffle(seed=seed).select([number % kept for number in range(batches * recipe.batch_size)])


def _pretrained(
    protocol: Protocol,
    pretraining: str,
    encoder: Encoder,
    rows: Dataset,
    aside: list[str],
    seed: int,
    place: Path,
    *,
    device: str | None,
    progress: bool,
) -> Pretrained:
    recipe = paced(protocol.pretraining, len(rows))
    return pretrain(
        encoder,
        method(pretraining),
        rows,
        recipe,
        held_out=looked_at(aside, recipe, len(rows), seed=seed),
        seed=seed,
        output=place / CHECKPOINTS,
        resume=any((place / CHECKPOINTS).glob("checkpoint-*")),
        device=device,
        progress=progress,
    )


def _plan(protocol: Protocol, pretraining: str, rows: Dataset) -> dict[str, Any]:
    """What was read and what it took: sentences and tokens as written, each pass over them, and passes in all."""
    recipe, units = protocol.pretraining, _units(pretraining)
    steps = recipe.epochs * recipe.steps_an_epoch(len(rows))
    sentences = sum(map(len, rows["ids"]))
    tokens = sum(len(ids) for row in rows["ids"] for ids in row)
    return {
        "rows": len(rows),
        "optimiser_steps": steps,
        "sentences_seen": recipe.epochs * sentences,
        "tokens_seen": recipe.epochs * tokens,
        "units_a_step": units,
        "units": units * steps,
        "hard_negatives": _share(rows, "negative_ids", sentences),
        "other_views": _share(rows, "view_ids", sentences),
        "thesaurus": thesaurus.best().name,
    }


def _share(rows: Dataset, column: str, sentences: int) -> float | None:
    """Sentences that have such a companion, and one that is not the sentence itself; None where there are none."""
    if column not in rows.column_names:
        return None
    pairs = zip(rows["ids"], rows[column], strict=True)
    there = sum(bool(ids) and ids != own for texts, others in pairs for own, ids in zip(texts, others, strict=True))
    return round(there / sentences, 3)


def _kept(place: Path, encoder: Encoder, told: dict[str, Any]) -> Start:
    encoder.model.save_pretrained(place)
    encoder.tokenizer.save_pretrained(place)
    unfinished = place / f"{FINISHED}.part"
    unfinished.write_text(json.dumps(told, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(place / FINISHED)
    shutil.rmtree(place / CHECKPOINTS, ignore_errors=True)
    return Start(place, told)
