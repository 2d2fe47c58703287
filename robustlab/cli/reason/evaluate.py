"""`robustlab reason evaluate`: ask a model originals, variants and counterfactuals, keep its answers, sum them up."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from robustlab import jsonl
from robustlab.cli import device, reporting, run_folder
from robustlab.cli.parsing import guess
from robustlab.cli.reason import documents, reasoners
from robustlab.cli.reason.measuring import Measured
from robustlab.cli.reason.settings import Evaluate
from robustlab.cli.reporting import INTERRUPTED
from robustlab.corpora.documents import Document
from robustlab.evaluation.reasoning.asking import ask
from robustlab.evaluation.reasoning.rows import Answerer
from robustlab.evaluation.reasoning.sensitivity import BUDGET, sensitivity
from robustlab.landscape import GenerationLandscape
from robustlab.models.reasoner import Reasoner
from robustlab.study.reasoning.protocol import profile
from robustlab.study.reasoning.run import external_encoder
from robustlab.study.reasoning.ways import NULL_CONTROLS, WAYS

RECORD, ANSWERS, LATENT, SUMMARY = "evaluation.json", "answers.jsonl", "sensitivity.jsonl", "summary.json"
BATCH, LATENT_BATCH = 256, 32
DRAFTED = "llmcad"


def run(settings: Evaluate, *, as_json: bool) -> None:
    """Run the command.

    Raises:
        ValueError: If a setting is wrong, or a document is too long.
        OSError: If something is missing, or the folder cannot be used.
    """
    with reporting.quiet_stdout(as_json):
        settings = _checked(settings)
        chosen = device.choose(settings.device)
        run_folder.check(settings, RECORD)
        exam = documents.exam(documents.load(settings.source, settings.examples), settings.changes)
        reasoner = reasoners.load(settings.model, overlong=settings.overlong, device=chosen)
        cut = reasoners.fitting(reasoner, exam.asked, answers=False)
        reasoners.fitting(reasoner, exam.originals, answers=settings.latent.measured)
        answerer = _answerer(settings, reasoner, chosen)
        folder = run_folder.make(settings)
        record = {"command": "reason evaluate", "settings": run_folder.plain(settings)}
        record |= {"weights": fingerprint(reasoner), "documents": len(exam.originals), "asked": len(exam.asked)}
        record |= {"left_out": exam.left_out, "cut": cut, "provenance": run_folder.provenance(), "device": chosen}
        _same_weights(folder / RECORD, record)
        run_folder.write(folder, record, RECORD)
        measured = _measure(settings, record, exam, answerer, reasoner, progress=not as_json)
        found = record | {"metrics": measured.plain()}
        run_folder.write(folder, found, SUMMARY)
    if as_json:
        reporting.as_json_to_stdout(found)
        return
    measured.show(
        Path(settings.model).name, f"{settings.inference}: {len(exam.originals)} documents of {settings.source.data}"
    )
    _say(settings, record, measured)


def _checked(settings: Evaluate) -> Evaluate:
    """Refuse what needs no loading to be refused; without latent measures where the answers are not the model's own."""
    documents.check(settings.source, settings.changes)
    reasoners.check_overlong(settings.overlong)
    if settings.inference not in WAYS:
        raise ValueError(f"unknown way to answer {settings.inference!r}: {guess(settings.inference, WAYS)}")
    for name, value in (("--examples", settings.examples), ("--steps", settings.latent.steps)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if (settings.draft is None) == (settings.inference == DRAFTED):
        raise ValueError(
            f"--inference {DRAFTED} needs a model that drafts: give its folder with --draft"
            if settings.draft is None
            else f"--draft is for --inference {DRAFTED}, got {settings.inference}"
        )
    profile(settings.profile)
    if settings.inference != "greedy" and settings.inference not in NULL_CONTROLS:
        return replace(settings, latent=replace(settings.latent, measured=False))
    return settings


def _answerer(settings: Evaluate, reasoner: Reasoner, chosen: str) -> Answerer:
    draft = reasoner
    if settings.draft is not None:
        draft = reasoners.load(settings.draft, overlong=settings.overlong, device=chosen)
    protocol = profile(settings.profile)
    if settings.source.sentences is not None:
        protocol = replace(protocol, sentences=settings.source.sentences)
    return WAYS[settings.inference](reasoner, draft, protocol, settings.seed)


def fingerprint(reasoner: Reasoner) -> str:
    """16 hexadecimal digits for the weights: answers of a model that was trained anew are not those of this one."""
    found = hashlib.blake2b(digest_size=8)
    for name, value in sorted(reasoner.model.state_dict().items()):
        found.update(name.encode())
        found.update(value.detach().float().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def _same_weights(file: Path, record: dict[str, Any]) -> None:
    """Refuse to go on with another model's answers."""
    if file.is_file() and json.loads(file.read_text())["weights"] != record["weights"]:
        raise ValueError(
            f"cannot resume {str(file.parent)!r}: its answers are those of a model with other weights; start anew with "
            "--overwrite"
        )


def _measure(
    settings: Evaluate,
    record: dict[str, Any],
    exam: documents.Exam,
    answerer: Answerer,
    reasoner: Reasoner,
    *,
    progress: bool,
) -> Measured:
    folder = settings.output
    try:
        with run_folder.going_on(folder), reasoners.as_option():
            held = {"weights": record["weights"], "inference": settings.inference}
            rows = ask(answerer, exam.asked, file=folder / ANSWERS, settings=held, batch_size=BATCH, progress=progress)
            latent = None
            if settings.latent.measured:
                latent = _latent(settings, reasoner, exam.originals, folder / LATENT, progress=progress)
            return Measured(rows, external_encoder(), latent)
    except KeyboardInterrupt:
        typer.echo(
            f"\ninterrupted: give the same command with --resume to go on; the answers so far are in {folder}", err=True
        )
        raise typer.Exit(INTERRUPTED) from None


def _latent(
    settings: Evaluate, reasoner: Reasoner, originals: list[Document], file: Path, *, progress: bool
) -> dict[int, float]:
    """Adversarial Sensitivity of each document, kept batch by batch."""
    from tqdm.auto import tqdm

    jsonl.mend(file)
    found = {row["example_id"]: row["sensitivity"] for row in jsonl.read(file)}
    starts = range(0, len(originals), LATENT_BATCH)
    for first in tqdm(starts, desc="climbing", unit="batch", disable=not progress):
        some = originals[first : first + LATENT_BATCH]
        examples = [document.example_id for document in some]
        if set(examples) <= set(found):
            continue
        landscape = GenerationLandscape(reasoner.model.eval(), reasoner.batch(some), noise="off")
        measured = sensitivity(
            landscape,  # pyright: ignore[reportArgumentType]  # its base is a cached property
            examples=examples,
            steps=settings.latent.steps,
            restarts=settings.latent.restarts,
            seed=settings.seed,
        )
        for row in measured.rows():
            if row["example_id"] not in found:
                jsonl.append(file, row)
        found |= measured.by_example(BUDGET)
    return found


def _say(settings: Evaluate, record: dict[str, Any], measured: Measured) -> None:
    lines = [f"every answer: {settings.output / ANSWERS}; all metrics: {settings.output / SUMMARY}"]
    lines += [f"{count} of {kind}: could not be made" for kind, count in record["left_out"].items()]
    if record["cut"]:
        lines.append(f"{record['cut']} texts are longer than the model reads, and were cut.")
    if measured.model.encoder is not None:
        lines.append(f"Semantic Deviation by {measured.model.encoder}.")
    if settings.latent.measured:
        lines.append(
            f"Adversarial Sensitivity is a lower bound: {settings.latent.steps} steps from each of "
            f"{settings.latent.restarts} random points, κ₀ = {BUDGET}."
        )
    reporting.say(*lines)
