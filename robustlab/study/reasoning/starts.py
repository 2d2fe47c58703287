"""The model that all cells of a seed go on from: trained once, kept in a folder, read from there ever after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from robustlab import methods
from robustlab.corpora import reasoning
from robustlab.corpora.documents import Document
from robustlab.models.reasoner import Reasoner
from robustlab.study.reasoning.protocol import Protocol
from robustlab.study.reasoning.recorded import START, recorded_start
from robustlab.training.lessons import Source, course
from robustlab.training.reasoning import exact_match, teach

VOCABULARY = 2000  # documents that the words of the small model are taken from
LONGEST = 40  # words of a chain and its answer
HELD_OUT = 200  # training documents that no method sees, to tell how far the start has come


def start(protocol: Protocol, seed: int, cache: Path, *, progress: bool = False) -> Reasoner:
    """The start of a seed, trained if the cache does not hold it.

    A training that was cut off goes on from its last checkpoint.

    Args:
        protocol: Its model, sentences and steps decide the start, with the seed.
        seed: Of weights, documents and noise.
        cache: Folder of finished and unfinished starts.
        progress: Whether to show a bar.
    """
    if protocol.model == "recorded" and START.is_dir():
        return recorded_start()
    folder = cache / f"{protocol.name}-{seed}-{_digest(protocol, seed)}"
    if (folder / "finished.json").is_file():
        return Reasoner.load(folder)
    reasoner = _fresh(protocol, seed)
    if protocol.start_steps:
        unfinished = folder / "checkpoints"
        teach(
            reasoner,
            methods.supporting_facts(),
            _source(seed),
            course(protocol.start_sentences, protocol.start_steps),
            seed=seed,
            output=unfinished,
            resume=any(unfinished.glob("step-*/state.json")),
            progress=progress,
        )
    held_out = reasoning.generate(HELD_OUT, seed=seed, sentences=protocol.start_sentences, first=10**8)
    reasoner.save(folder)
    found = exact_match(reasoner, held_out)
    (folder / "finished.json").write_text(json.dumps({"exact_match": found, **asdict(protocol)}) + "\n")
    return Reasoner.load(folder)


def _digest(protocol: Protocol, seed: int) -> str:
    parts = (protocol.model, protocol.start_sentences, protocol.start_steps, seed)
    return hashlib.blake2b(repr(parts).encode(), digest_size=4).hexdigest()


def _fresh(protocol: Protocol, seed: int) -> Reasoner:
    if protocol.model not in ("small", "recorded"):
        return Reasoner.load(protocol.model)
    documents = reasoning.generate(VOCABULARY, seed=seed, sentences=protocol.start_sentences)
    # The reasoning is written before the answer: without it two-hop tasks are hardly learned.
    return Reasoner.small(documents, seed=seed, chain=True, max_answer=LONGEST)


def _source(seed: int) -> Source:
    def draw(first: int, n: int, sentences: tuple[int, int]) -> Sequence[Document]:
        return reasoning.generate(n, seed=seed, sentences=sentences, first=first)

    return draw


def pool(protocol: Protocol, seed: int, share: float = 1.0) -> list[Document]:
    """The training documents that the methods of a seed share, or the first of them; none that the start has seen."""
    n = max(1, round(share * protocol.pool))
    return reasoning.generate(n, seed=seed, sentences=protocol.sentences, first=2 * 10**8)
