from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from robustlab.corpora.documents import Document
from robustlab.corpora.evidence import solution
from robustlab.inference.reasoning_steps import WHAT_FOLLOWS, State, lessons
from robustlab.inference.selection_inference import Scores, SelectionInference

STORY = Document(
    sentences=(
        "The moon was bright.",
        "The trial was brought about by the fire.",
        "Vera keeps the bell.",
        "The duel followed from the trial.",
    ),
    paragraphs=(2, 2),
    instruction="What lay two steps behind the duel?",
    answer="fire",
    chain=("The trial caused the duel.", "The fire caused the trial.", "The answer is fire."),
    gold=(1, 3),
    task="causal",
    example_id=7,
)


class Guide:
    """Selects what a plan says, sentence after sentence, and halts at its end."""

    def __init__(self, plans: dict[int, list[int]]):
        self.plans, self.seen = plans, []

    def score(self, states: Sequence[State]) -> Scores:
        self.seen.append([state.document.example_id for state in states])
        most = max(len(state.document.sentences) for state in states)
        units = torch.full((len(states), most), -1.0)
        halt = torch.full((len(states),), -1.0)
        for row, state in enumerate(states):
            plan = self.plans[state.document.example_id]
            done = len(state.selected)
            if done < len(plan):
                units[row, plan[done]] = 1.0
            else:
                halt[row] = 1.0
        return Scores(units, halt)


class Clerk:
    """Writes down what it was shown."""

    def __init__(self) -> None:
        self.shown: list[Document] = []

    def infer(self, states: Sequence[State]) -> list[str]:
        self.shown += [state.to_infer() for state in states]
        return [f"So {state.document.sentences[state.selected[-1]]}" for state in states]

    def answer(self, states: Sequence[State]) -> list[str]:
        self.shown += [state.to_answer() for state in states]
        return [f"{len(state.chain)} facts" for state in states]


def test_selection_and_inference_alternate_until_the_selector_has_enough() -> None:
    clerk = Clerk()
    [reasoned] = SelectionInference(Guide({7: [3, 1]}), clerk).reason([STORY])
    assert reasoned.selected == (3, 1)
    assert reasoned.chain == ("So The duel followed from the trial.", "So The trial was brought about by the fire.")
    assert reasoned.answer == "2 facts"
    assert reasoned.halted


def test_the_inference_module_sees_the_selected_sentences_alone() -> None:
    clerk = Clerk()
    SelectionInference(Guide({7: [3, 1]}), clerk).reason([STORY])
    first, second, last = clerk.shown
    assert first.sentences == (STORY.sentences[3],)
    assert second.sentences == (STORY.sentences[1], "So The duel followed from the trial.")
    assert {first.instruction, second.instruction} == {WHAT_FOLLOWS}
    assert last.sentences[:2] == (STORY.sentences[3], STORY.sentences[1])
    assert last.instruction == STORY.instruction
    assert last.paragraphs == (2, 2)


def test_no_sentence_is_selected_twice_and_the_steps_are_bounded() -> None:
    plans = {7: [2, 2, 2, 2, 2, 2]}
    [reasoned] = SelectionInference(Guide(plans), Clerk(), steps=3).reason([STORY])
    assert len(set(reasoned.selected)) == 3
    assert reasoned.selected[0] == 2
    assert not reasoned.halted
    [reasoned] = SelectionInference(Guide(plans), Clerk(), steps=9).reason([STORY])
    assert sorted(reasoned.selected) == [0, 1, 2, 3], "when no sentence is left, the answer is due"
    assert not reasoned.halted


def test_a_selector_that_halts_at_once_selects_one_sentence_all_the_same() -> None:
    [reasoned] = SelectionInference(Guide({7: []}), Clerk()).reason([STORY])
    assert len(reasoned.selected) == 1


def test_batches_change_nothing_and_those_that_halted_are_left_alone() -> None:
    documents = [replace(STORY, example_id=number) for number in range(5)]
    plans = {0: [1], 1: [3, 1], 2: [0, 1, 2], 3: [2], 4: [1, 3]}
    guide = Guide(plans)
    whole = SelectionInference(guide, Clerk()).reason(documents)
    assert [list(one.selected) for one in whole] == list(plans.values())
    assert guide.seen == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [1, 2, 4], [2]]
    assert SelectionInference(Guide(plans), Clerk()).reason(documents, batch_size=2) == whole
    assert SelectionInference(Guide(plans), Clerk()).answer(documents) == [one.answer for one in whole]
    assert SelectionInference(Guide(plans), Clerk()).reason([]) == []


def test_lessons_of_a_story_worked_by_hand() -> None:
    """The duel comes before the fire in the reasoning, and after it in the text."""
    assert solution(STORY) == [(3, "The trial caused the duel."), (1, "The fire caused the trial.")]
    first, second, last = lessons(STORY)
    assert (first.unit, second.unit, last.unit) == (3, 1, None)
    assert second.state.selected == (3,)
    assert second.state.chain == ("The trial caused the duel.",)
    assert second.state.to_select().sentences == (*STORY.sentences, "The trial caused the duel.")
    assert second.state.to_select().paragraphs == (2, 2, 1)
    assert first.state.to_select().sentences == STORY.sentences
    assert last.state.selected == (3, 1)
    assert last.state.to_answer().answer == "fire"


def test_without_a_chain_each_gold_sentence_stands_for_itself() -> None:
    bare = replace(STORY, chain=())
    assert solution(bare) == [(1, STORY.sentences[1]), (3, STORY.sentences[3])]
    exact = replace(STORY, chain=STORY.chain[:2])
    assert [unit for unit, _ in solution(exact)] == [3, 1]


def test_an_inference_that_says_nothing_repeats_its_sentence() -> None:
    assert State(STORY).select(2).infer("  ").chain == ("Vera keeps the bell.",)


def test_refusals_say_what_to_change() -> None:
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        SelectionInference(Guide({}), Clerk(), steps=0)
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        SelectionInference(Guide({}), Clerk()).reason([STORY], batch_size=0)
    with pytest.raises(ValueError, match="document 7 has no gold sentences to learn a selection from"):
        solution(replace(STORY, gold=()))

    class Short(Clerk):
        def answer(self, states: Sequence[State]) -> list[str]:
            return []

    with pytest.raises(ValueError, match="expected 1 texts of the inference module, got 0"):
        SelectionInference(Guide({7: [1]}), Short()).reason([STORY])

    class Silent(Guide):
        def score(self, states: Sequence[State]) -> Scores:
            return Scores(torch.zeros(0, 4), torch.zeros(0))

    with pytest.raises(ValueError, match="expected scores of 1 documents, got 0 rows and 0 halts"):
        SelectionInference(Silent({}), Clerk()).reason([STORY])
