"""One PGD training step against the loop that public code runs: time, gradients, FLOPs, in one run.

    python benchmarks/pgd_step.py --data-dir DATA --out benchmarks/results/pgd_step.json

The public loop calls `loss.backward()` in every ascent step, computing weight gradients only to throw them away, and
pads every batch to 128 tokens. Ours asks for the offset's gradient only and buckets batches by length. The two
alternate, so that a machine that slows down slows both; ratios are taken pair by pair and their median is reported.
"""

from __future__ import annotations

import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from robustlab import accumulate, corpora, methods, models
from robustlab.landscape import TransformerLandscape
from robustlab.training.buckets import LengthBuckets

Batch = dict[str, Tensor]
STEP_SIZE, LONG = 0.04, 128


def public_step(model: Any, batch: Batch, steps: int) -> None:
    """PGD as public code writes it: a full backward pass for every ascent step."""
    words = model.get_input_embeddings()
    mask = batch["attention_mask"][..., None].float()
    offset = torch.zeros(*batch["input_ids"].shape, words.embedding_dim)
    for t in range(steps + 1):
        offset = offset.detach().requires_grad_(t < steps)
        handle = words.register_forward_hook(lambda module, args, output, r=offset: output + r)
        loss = model(**batch).loss
        handle.remove()
        model.zero_grad()
        loss.backward()
        if t < steps:
            gradient = offset.grad * mask
            offset = offset + STEP_SIZE * gradient / gradient.flatten(1).norm(dim=1)[:, None, None]


def our_step(model: Any, batch: Batch, steps: int) -> None:
    """PGD through the package."""
    model.zero_grad()
    accumulate(methods.pgd(steps=steps, step_size=STEP_SIZE), TransformerLandscape(model, batch))


def gradients(model: Any) -> Tensor:
    """All gradients as one vector."""
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def batches(texts: Sequence[str], tokenizer: Any, labels: Sequence[int], *, bucketed: bool, count: int) -> list[Batch]:
    """The first batches of an epoch of 32: bucketed and padded to their longest, or shuffled and padded to 128."""
    lengths = [len(ids) for ids in tokenizer(list(texts))["input_ids"]]
    order = list(LengthBuckets(lengths, batch_size=32, seed=0))
    if not bucketed:
        random.Random(0).shuffle(order)
    made = []
    for first in range(0, 32 * count, 32):
        rows = order[first : first + 32]
        padding = {"padding": True} if bucketed else {"padding": "max_length", "max_length": LONG}
        encoded = tokenizer([texts[row] for row in rows], truncation=True, return_tensors="pt", **padding)
        made.append({**encoded, "labels": torch.tensor([labels[row] for row in rows])})
    return made


def seconds(step: Callable[..., None], *args: Any) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    step(*args)
    return time.perf_counter() - began


def paired(pairs: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Median times and the spread of the ratio ours / public."""
    ratios = sorted(ours / public for ours, public in pairs)
    return {
        "ours_s": statistics.median(ours for ours, _ in pairs),
        "public_s": statistics.median(public for _, public in pairs),
        "ratio": statistics.median(ratios),
        "ratio_low": ratios[len(ratios) // 4],
        "ratio_high": ratios[-1 - len(ratios) // 4],
    }


def flops(run: Callable[[], object]) -> tuple[int, float]:
    """FLOPs of a call, and the share of them in products of two activations: attention, which has no weights."""
    # The fused attention kernel of the CPU is invisible to the counter; the plain one does the same products.
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        run()
    by_operator = counter.get_flop_counts()["Global"]
    attention = sum(n for op, n in by_operator.items() if "bmm" in str(op) or "attention" in str(op))
    return counter.get_total_flops(), attention / counter.get_total_flops()


def measure(model: Any, short: list[Batch], long: list[Batch], steps: int) -> dict[str, Any]:
    """Times and FLOPs on the same model: identical batches, then each loop with its own padding."""
    for step in (public_step, our_step):
        step(model, short[0], steps)
    same, own = [], []
    for number, (s, p) in enumerate(zip(short, long, strict=True)):
        runs = [(our_step, s), (public_step, s), (public_step, p)]
        if number % 2:
            runs.reverse()
        took = {(step, batch is p): seconds(step, model, batch, steps) for step, batch in runs}
        same.append((took[our_step, False], took[public_step, False]))
        own.append((took[our_step, False], took[public_step, True]))
    standard, _ = flops(lambda: accumulate(methods.standard(), TransformerLandscape(model, short[0])))
    with torch.no_grad():
        _, attention = flops(lambda: model(**short[0]))
    ours, _ = flops(lambda: our_step(model, short[0], steps))
    expected = (steps * (2 + attention) + 3) / 3
    public_step(model, short[0], steps)
    reference = gradients(model)
    our_step(model, short[0], steps)
    return {
        "identical_batches": paired(same),
        "own_padding": paired(own),
        "largest_gradient_difference": float((gradients(model) - reference).abs().max()),
        "attention_share": attention,
        "flop_ratio_to_standard": ours / standard,
        "flop_ratio_expected": expected,
    }


def main(
    data_dir: Annotated[Path | None, typer.Option(help="Data folder with sst2; else the built-in reviews.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the numbers as JSON.")] = None,
    steps: Annotated[int, typer.Option(help="Ascent steps k.")] = 3,
    count: Annotated[int, typer.Option(help="Batches of 32.")] = 12,
) -> None:
    """Compare the two loops and print what was found."""
    torch.set_num_threads(1)
    name = "reviews" if data_dir is None and "ROBUSTLAB_DATA" not in os.environ else "sst2"
    dataset = corpora.load(name, split="train", folder=data_dir).shuffle(seed=0).select(range(2000))
    loaded = models.load("minilm", labels=dataset.features["label"].names)
    model = loaded.model.eval()
    texts, labels = list(dataset["text"]), list(dataset["label"])
    short = batches(texts, loaded.tokenizer, labels, bucketed=True, count=count)
    long = batches(texts, loaded.tokenizer, labels, bucketed=False, count=count)
    found: dict[str, Any] = {"data": name, "steps": steps, "batches": count, "torch": torch.__version__}
    found |= {"machine": f"{platform.machine()}, 1 thread"} | measure(model, short, long, steps)
    text = json.dumps(found, indent=2)
    typer.echo(text)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
