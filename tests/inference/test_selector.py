import math
from dataclasses import replace

import pytest
import torch

from robustlab.corpora.documents import Document
from robustlab.corpora.evidence import solution
from robustlab.corpora.reasoning import generate
from robustlab.inference import selection_training as training
from robustlab.inference.reasoning_steps import Lesson, State, lessons
from robustlab.inference.selection_inference import SelectionInference
from robustlab.inference.selection_training import Schedule
from robustlab.inference.selector import ReasonerInference, SentenceSelector
from robustlab.models.reasoner import Reasoner
from tests.inference.test_selection_inference import STORY
from tests.inference.toys import language_model


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return generate(80, seed=0, sentences=(6, 8))


@pytest.fixture(scope="module")
def selector(documents: list[Document]) -> SentenceSelector:
    return SentenceSelector.small(documents)


def test_scores_of_a_document_do_not_depend_on_the_batch(selector: SentenceSelector, documents: list[Document]) -> None:
    states = [State(documents[0]), State(documents[1], (2,), ("The pact reached Marrow.",)), State(documents[5])]
    together = selector.score(states)
    for row, state in enumerate(states):
        alone, sentences = selector.score([state]), len(state.document.sentences)
        torch.testing.assert_close(together.units[row, :sentences], alone.units[0, :sentences])
        torch.testing.assert_close(together.halt[row], alone.halt[0])
        assert torch.isinf(together.units[row, sentences:]).all(), "facts and pads cannot be selected"
    assert together.units[1, 2] == -torch.inf, "a sentence is not selected twice"


def test_what_was_inferred_changes_the_scores(selector: SentenceSelector, documents: list[Document]) -> None:
    without = selector.score([State(documents[0], (2,))]).units
    given = selector.score([State(documents[0], (2,), ("The pact reached Marrow.",))]).units
    assert not torch.allclose(without[0, :2], given[0, :2])


def test_the_loss_is_that_of_a_loop_over_sentences(selector: SentenceSelector, documents: list[Document]) -> None:
    taught = [lesson for document in documents[:6] for lesson in lessons(document)]
    selecting, halting = [], []
    for lesson in taught:
        scores = selector.score([lesson.state])
        if lesson.state.chain:
            stop = 1 / (1 + math.exp(-float(scores.halt)))
            halting.append(-math.log(stop if lesson.unit is None else 1 - stop))
        else:
            assert float(scores.halt) == -math.inf, "nothing is settled before there is a fact"
        if lesson.unit is not None:
            free = [n for n in range(len(lesson.state.document.sentences)) if n not in lesson.state.selected]
            total = sum(math.exp(float(scores.units[0, n])) for n in free)
            selecting.append(-math.log(math.exp(float(scores.units[0, lesson.unit])) / total))
    expected = sum(selecting) / len(selecting) + sum(halting) / len(halting)
    assert float(selector.loss(taught).detach()) == pytest.approx(expected, rel=1e-5)
    ends = [lesson for lesson in taught if lesson.unit is None]
    stops = [math.log1p(math.exp(-float(selector.score([lesson.state]).halt))) for lesson in ends]
    assert float(selector.loss(ends).detach()) == pytest.approx(sum(stops) / len(stops), rel=1e-5)
    assert float(selector.loss(taught[:1]).detach()) == pytest.approx(selecting[0], rel=1e-5)


def test_exercises_are_single_inferences_and_answers() -> None:
    first, second, last = lessons(STORY)
    assert training.exercise(first).sentences == (STORY.sentences[3],)
    assert training.exercise(first).answer == "The trial caused the duel."
    assert training.exercise(second).sentences == (STORY.sentences[1], "The trial caused the duel.")
    assert training.exercise(second).answer == "The fire caused the trial."
    assert training.exercise(last).answer == "fire"
    assert training.exercise(last).instruction == STORY.instruction


def test_both_modules_learn_the_documents_they_are_taught(documents: list[Document]) -> None:
    few = documents[:4]  # one of each task
    schedule = Schedule(steps=140, batch_size=10, learning_rate=3e-3)
    system = training.train_selection_inference(few, selector=schedule, inference=schedule)
    reasoned = system.reason(few)
    assert sum(one.answer == document.answer for one, document in zip(reasoned, few, strict=True)) == 4
    right = [
        list(one.selected) == [unit for unit, _ in solution(document)]
        for one, document in zip(reasoned, few, strict=True)
    ]
    assert all(right)
    assert all(one.halted for one in reasoned)
    assert isinstance(system.selector, SentenceSelector)
    assert not system.selector.training


def test_training_depends_on_its_seed_alone(documents: list[Document]) -> None:
    def weights(seed: int) -> torch.Tensor:
        torch.rand(3)
        return training.train_selector(documents, Schedule(steps=2, batch_size=4, seed=seed)).useful.weight

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


def test_both_modules_begin_as_a_reasoner_and_leave_it_as_it_is(documents: list[Document]) -> None:
    start = Reasoner.small(documents, seed=5)
    before = {name: value.clone() for name, value in start.model.state_dict().items()}
    slow = Schedule(steps=1, batch_size=2, learning_rate=1e-6)
    system = training.train_selection_inference(documents, selector=slow, inference=slow, start=start)
    torch.testing.assert_close(
        system.selector.encoder.state_dict(), start.model.encoder.state_dict(), rtol=0, atol=1e-5
    )
    for name, value in system.inference.reasoner.model.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in start.model.state_dict().items())


def test_a_trained_system_answers_documents_without_an_answer_to_show(documents: list[Document]) -> None:
    inference = ReasonerInference(training.train_inference(documents, Schedule(steps=1)))
    system = SelectionInference(SentenceSelector.small(documents), inference, steps=2)
    assert len(system.answer([replace(document, gold=(), chain=()) for document in documents[:3]])) == 3


def test_a_fact_without_an_end_is_cut_to_what_a_module_reads(selector: SentenceSelector) -> None:
    class Endless:
        reader = selector.reader

        def answer(self, documents: list[Document]) -> list[str]:
            return ["on and on, " * 30, "The pact reached Marrow."]

    long, short = ReasonerInference(Endless()).infer([State(STORY, (0,)), State(STORY, (1,))])
    assert short == "The pact reached Marrow."
    assert selector.reader.vocabulary.encode(long) == selector.reader.vocabulary.encode("on and on, " * 12)
    selector.score([State(STORY, (0,)).infer(long)])


def test_refusals_say_what_to_change(selector: SentenceSelector, documents: list[Document]) -> None:
    with pytest.raises(ValueError, match="steps must be positive, got 0"):
        Schedule(steps=0)
    with pytest.raises(ValueError, match="learning_rate must be positive, got nan"):
        Schedule(steps=1, learning_rate=math.nan)
    with pytest.raises(ValueError, match="expected documents to learn from, got none"):
        training.train_selector([])
    with pytest.raises(ValueError, match="expected at least one lesson, got none"):
        selector.loss([])
    with pytest.raises(ValueError, match="has no gold sentences"):
        training.train_inference([replace(documents[0], gold=())])
    with pytest.raises(
        TypeError, match="expected a sentence reasoner, got one of GPT2LMHeadModel; for a language model"
    ):
        SentenceSelector.of(Reasoner(language_model("gpt2"), selector.reader))
    broken = SentenceSelector.small(documents)
    torch.nn.init.constant_(broken.useful.bias, math.nan)
    with pytest.raises(RuntimeError, match="the loss of selection is nan at step 0; take a lower learning rate"):
        training._fit(
            broken, 1, lambda rows: broken.loss([Lesson(State(documents[0]), 1, "")]), Schedule(steps=1), "selection"
        )
