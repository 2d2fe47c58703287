"""Searches side by side give what each gives alone; what they ask is answered together."""

import random

import numpy as np
import pytest
import torch

from robustlab.evaluation.attack.engine import Task, ask, run
from robustlab.evaluation.attack.randomness import Stream
from robustlab.evaluation.attack.services import Service


def squares(**settings):
    seen = []

    def answer(items):
        seen.append(list(items))
        return [item * item for item in items]

    return Service("squares", answer, **settings), seen


def search(service, start, turns):
    """Asks for its number and the next, adds up, goes on from there."""
    total = start
    for turn in range(turns):
        total += sum(ask(service, [total % 7, turn, turn]))
    return total


@pytest.mark.parametrize("width", [1, 2, 3, 50])
def test_a_search_finds_what_it_finds_alone(width):
    service, _ = squares()
    alone = {key: search(service, key, key % 5) for key in range(20)}
    tasks = [Task(key, lambda key=key: search(service, key, key % 5)) for key in range(20)]
    assert {done.key: done.result for done in run(tasks, width=width)} == alone


def test_what_is_asked_at_once_is_answered_in_one_batch_each_item_once():
    service, seen = squares()
    tasks = [Task(key, lambda key=key: ask(service, [key // 2, 9])) for key in range(4)]
    assert [done.result for done in run(tasks, width=4)] == [[0, 81], [0, 81], [1, 81], [1, 81]]
    assert seen == [[0, 9, 1]]
    assert (service.asked, service.answered, service.batches) == (8, 3, 1)


def test_each_service_is_asked_once_for_all_that_wait_for_it():
    one, seen_one = squares()
    other, seen_other = squares()
    tasks = [Task(key, lambda key=key: ask((one, other)[key % 2], [key])) for key in range(6)]
    assert {done.key: done.result for done in run(tasks, width=6)} == {key: [key * key] for key in range(6)}
    assert (seen_one, seen_other) == ([[0, 2, 4]], [[1, 3, 5]])


def test_tasks_are_begun_as_there_is_room():
    begun = []
    service, _ = squares()

    def tasks():
        for key in range(5):
            begun.append(key)
            yield Task(key, lambda: ask(service, [1, 2]))

    ends = run(tasks(), width=2)
    next(ends)
    assert len(begun) <= 3
    assert len(list(ends)) == 4


def test_an_error_ends_its_own_task_only():
    service, _ = squares()

    def broken():
        ask(service, [1])
        raise KeyError("lost")

    ends = {done.key: done for done in run([Task(0, broken), Task(1, lambda: ask(service, [3]))], width=2)}
    assert isinstance(ends[0].error, KeyError)
    assert ends[1].result == [9]
    assert ends[1].error is None


def test_an_error_of_a_service_reaches_whoever_runs_the_tasks():
    def answer(items):
        raise MemoryError("too much")

    service = Service("greedy", answer)
    with pytest.raises(MemoryError, match="too much"):
        list(run([Task(0, lambda: ask(service, [1]))]))


def test_tasks_that_are_left_are_unwound():
    service, _ = squares()
    let_go = []

    def holding(key):
        try:
            for turn in range(9):
                ask(service, [turn])
        finally:
            let_go.append(key)

    tasks = [Task(0, lambda: 1), *(Task(key, lambda key=key: holding(key)) for key in (1, 2))]
    ends = run(tasks, width=3)
    assert next(ends).key == 0
    ends.close()
    assert sorted(let_go) in ([], [1, 2])  # none was begun, or all were unwound
    ends = run(tasks[1:] + tasks[:1], width=3)
    assert next(ends).key == 0
    ends.close()
    assert {1, 2} <= set(let_go)


def test_modes_of_torch_stay_with_their_task():
    """Each asks inside `no_grad`, in turns; left to themselves they would switch gradients off for good."""
    service, _ = squares()
    seen = []

    def without_gradients(key):
        with torch.no_grad():
            ask(service, [key])
            seen.append(torch.is_grad_enabled())
            ask(service, [key + 1])
        seen.append(torch.is_grad_enabled())
        ask(service, [key])

    tasks = [Task(key, lambda key=key: without_gradients(key)) for key in range(4)]
    list(run(tasks, width=3))
    assert sorted(seen) == [False] * 4 + [True] * 4
    assert torch.is_grad_enabled()
    ends = run([Task(9, lambda: 0), *tasks][::-1], width=5)
    next(ends)
    ends.close()
    assert torch.is_grad_enabled()


def test_width_is_checked():
    with pytest.raises(ValueError, match="width must be positive, got 0"):
        list(run([], width=0))


def draws(service, count):
    found = []
    for turn in range(count):
        found += [random.random(), float(np.random.rand())]  # noqa: NPY002  # what TextAttack does
        ask(service, [turn])
    return found


@pytest.mark.parametrize("width", [1, 3])
def test_random_draws_depend_on_the_task_alone(width):
    service, _ = squares()
    tasks = [Task(key, lambda: draws(service, 4), Stream(7, key)) for key in range(5)]
    found = {done.key: done.result for done in run(tasks, width=width)}
    again = {done.key: done.result for done in run([Task(4, lambda: draws(service, 4), Stream(7, 4))], width=1)}
    assert found[4] == again[4]
    assert len({tuple(found[key]) for key in found}) == 5


def test_the_global_generators_are_left_as_they_were():
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    expected = random.random(), float(np.random.rand())  # noqa: NPY002
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    service, _ = squares()
    list(run([Task(key, lambda: draws(service, 2), Stream(key)) for key in range(3)], width=2))
    assert (random.random(), float(np.random.rand())) == expected  # noqa: NPY002


def test_a_service_remembers_the_latest():
    service, seen = squares(remembered=2)
    for items in ([1, 2], [2, 3], [2, 3], [1]):
        service.many([items])
    assert seen == [[1, 2], [3], [1]]


def test_a_service_checks_the_number_of_answers():
    with pytest.raises(RuntimeError, match="short gave 1 answers to 2 items"):
        Service("short", lambda items: items[:1]).many([[1, 2]])
    with pytest.raises(ValueError, match="remembered must not be negative, got -1"):
        Service("odd", list, remembered=-1)
