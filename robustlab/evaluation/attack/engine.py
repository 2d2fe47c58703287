"""Many searches side by side: each runs until it asks a model something, and what they ask is answered in one batch.

A search stays the synchronous code that it is. It runs in a greenlet of its own, which hands over to the engine
whenever it asks, and goes on with the answer. Only one runs at a time, so that it needs no lock.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

import torch
from greenlet import getcurrent, greenlet

from robustlab.evaluation.attack.randomness import Stream
from robustlab.evaluation.attack.services import Service

T = TypeVar("T")


@dataclass(frozen=True)
class Task(Generic[T]):
    """A search.

    Attributes:
        key: Names it in what `run` gives.
        work: The search itself, from beginning to end; it may call `ask`.
        stream: Its random numbers; None leaves the global generators to it.
    """

    key: int
    work: Callable[[], T]
    stream: Stream | None = field(default=None, compare=False)


class Done(NamedTuple):
    """How a task ended: with a result, or with the error that it raised."""

    key: int
    result: Any = None
    error: Exception | None = None


class _Request(NamedTuple):
    service: Service
    items: Sequence[Hashable]


class _Engine(greenlet):
    """Marks a greenlet that answers."""


def ask(service: Service, items: Sequence[Hashable]) -> list[Any]:
    """Ask a model, from inside a task or outside of any.

    Args:
        service: Who answers.
        items: What is asked, in any number.
    Returns: An answer for each item.
    """
    engine = getcurrent().parent
    if isinstance(engine, _Engine):
        return engine.switch(_Request(service, items))
    return service.many([items])[0]


def run(tasks: Iterable[Task[T]], *, width: int = 32) -> Iterator[Done]:
    """Run tasks side by side.

    Their results depend neither on the width nor on the order, as far as the services' answers do not depend on the
    batch that an item is answered in. An error ends its own task only.

    Args:
        tasks: Read as there is room for them.
        width: Tasks at a time; 1 runs them one after another.
    Returns: Each task's end, as it comes.
    Raises: ValueError: If the width is not positive.
    """
    if width < 1:
        raise ValueError(f"width must be positive, got {width}")
    loop = _Loop(iter(tasks), width)
    engine = _Engine(loop.turn)
    try:
        while (done := engine.switch()) is not None:
            yield done
    finally:
        engine.throw()
        loop.end()


class _Loop:
    """One engine's tasks: those that wait for an answer, and those that have not begun."""

    def __init__(self, tasks: Iterator[Task], width: int) -> None:
        self.tasks, self.width = tasks, width
        self.waiting: dict[greenlet, tuple[Task, _Request]] = {}
        self.modes: dict[greenlet, bool] = {}

    def turn(self) -> None:
        """The engine's own greenlet: hands each finished task to whoever runs it, and None at the end."""
        self._begin()
        while self.waiting:
            answers = self._answers()
            for worker, (task, _) in list(self.waiting.items()):
                del self.waiting[worker]
                self._advance(worker, task, answers[worker])
            self._begin()

    def _begin(self) -> None:
        while len(self.waiting) < self.width and (task := next(self.tasks, None)) is not None:
            self._advance(greenlet(_guarded(task)), task)

    def _advance(self, worker: greenlet, task: Task, *answer: Any) -> None:
        """Let a task run until it asks or ends."""
        with task.stream.turn() if task.stream else nullcontext(), self._own_mode(worker):
            told = worker.switch(*answer)
        if isinstance(told, _Request):
            self.waiting[worker] = (task, told)
        else:
            getcurrent().parent.switch(told)

    @contextmanager
    def _own_mode(self, worker: greenlet) -> Iterator[None]:
        """Whether gradients are kept is the thread's affair; a task that asks inside `no_grad` must not tell others."""
        outside = torch.is_grad_enabled()
        torch.set_grad_enabled(self.modes.pop(worker, outside))
        try:
            yield
        finally:
            if not worker.dead:
                self.modes[worker] = torch.is_grad_enabled()
            torch.set_grad_enabled(outside)

    def _answers(self) -> dict[greenlet, list[Any]]:
        """Ask each service once for all that wait for it."""
        answers: dict[greenlet, list[Any]] = {}
        for service in dict.fromkeys(request.service for _, request in self.waiting.values()):
            of = {worker: request.items for worker, (_, request) in self.waiting.items() if request.service is service}
            answers |= zip(of, service.many(list(of.values())), strict=True)
        return answers

    def end(self) -> None:
        """Unwind the tasks that wait, so that what they hold is let go."""
        for worker in self.waiting:
            worker.parent = getcurrent()  # a greenlet that ends goes on with its parent, and the engine is no more
            with self._own_mode(worker):
                worker.throw()
        self.waiting.clear()


def _guarded(task: Task) -> Callable[[], Done]:
    def work() -> Done:
        try:
            return Done(task.key, result=task.work())
        except Exception as error:
            return Done(task.key, error=error)

    return work
