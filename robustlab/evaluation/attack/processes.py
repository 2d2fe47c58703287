"""An attack in several processes: each builds it anew and takes examples from one queue, as it has room for them.

A search's Python runs on one core. On one machine with spare cores, or where a GPU waits for Python, a few processes
finish sooner; what comes of an example does not depend on which of them attacks it.
"""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from robustlab.evaluation.attack.attacking import AttackError, Example
from robustlab.evaluation.attack.rows import Attacked
from robustlab.evaluation.attack.setup import Setup

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

READY = "ready"
PATIENCE = 1.0  # seconds between looks at whether the others are alive


def run(
    setup: Setup,
    examples: Sequence[Example],
    *,
    width: int,
    processes: int,
    started: Callable[[], None] | None = None,
) -> Iterator[Attacked | AttackError]:
    """Attack examples in several processes.

    Args:
        setup: The attack.
        examples: What is attacked, in the order in which it is begun.
        width: Examples at a time in each process.
        processes: How many.
        started: Is called when all have built the attack, which takes each of them some seconds.
    Returns: As `Attacker.run`.
    Raises:
        ValueError: If `processes` is not positive.
        RuntimeError: If a process died; the rows that came before it did are whole.
    """
    if processes < 1:
        raise ValueError(f"processes must be positive, got {processes}")
    context = multiprocessing.get_context("spawn")  # a fork of a process that has used torch's threads may hang
    inbox, outbox = context.Queue(), context.Queue()
    threads = max(1, torch.get_num_threads() // processes)
    arguments = (setup, width, threads, inbox, outbox)
    workers = [context.Process(target=_work, args=arguments, daemon=True) for _ in range(processes)]
    with _ending(workers):
        loading = running = processes
        while running:
            told = _next(outbox, workers)
            if told == READY:
                loading -= 1
                if not loading:
                    _begin(inbox, examples, processes, started)
            elif told is None:
                running -= 1
            elif isinstance(told, (Attacked, AttackError)):
                yield told
            else:
                raise told


def _begin(inbox: Any, examples: Sequence[Example], processes: int, started: Callable[[], None] | None) -> None:
    if started is not None:
        started()
    for given in (*examples, *[None] * processes):
        inbox.put(given)


def _work(setup: Setup, width: int, threads: int, inbox: Any, outbox: Any) -> None:
    torch.set_num_threads(threads)
    try:
        attacker = setup.make()
        outbox.put(READY)
        for told in attacker.run(iter(inbox.get, None), width=width):
            outbox.put(told)
    except Exception as error:
        outbox.put(error)
    else:
        outbox.put(None)


def _next(outbox: Any, workers: Sequence[BaseProcess]) -> Any:
    while True:
        try:
            return outbox.get(timeout=PATIENCE)
        except queue.Empty:
            died = next((worker for worker in workers if worker.exitcode not in (None, 0)), None)
            if died is not None:
                why = "killed, for instance for want of memory" if (died.exitcode or 0) < 0 else "ended"
                raise RuntimeError(
                    f"a process of the attack was {why} (exit code {died.exitcode}); the rows that are written are "
                    "whole: go on with --resume, and fewer --processes"
                ) from None


@contextmanager
def _ending(workers: Sequence[BaseProcess]) -> Iterator[None]:
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
