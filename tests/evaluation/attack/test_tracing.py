"""What a trace tells is what the search did: held against a search of this file's own, and against the plain run."""

from collections.abc import Sequence
from importlib.util import find_spec

import pytest
import torch

from robustlab import models
from robustlab.evaluation.attack import lexicon, names
from robustlab.evaluation.attack.attacking import Attacker, Example, attacker
from robustlab.evaluation.attack.bench import Bench
from robustlab.evaluation.attack.limits import Limits
from robustlab.evaluation.attack.tracing import Trace, trace
from robustlab.models import Loaded

pytestmark = pytest.mark.skipif(find_spec("textattack") is None, reason="needs the extra `attack`")

TEXTS = ("the show that we saw was awful", "the film is good", "her book seemed bad", "this play was superb")


def spread(texts: Sequence[str]) -> torch.Tensor:
    """An encoder for which a text that holds `dreadful` is far from any other."""
    return torch.tensor([[1.0, 0.0] if "dreadful" not in text else [0.0, 1.0] for text in texts])


def made(loaded: Loaded, recipe: str = "textfooler+lexicon+minilm", limits: Limits | None = None) -> Attacker:
    bench = Bench(loaded, names.parse(recipe))
    bench.__dict__["encoder"] = spread  # in the place of MiniLM
    return attacker(bench, limits)


def examples(loaded: Loaded) -> list[Example]:
    answers = models.predictor(*loaded)(list(TEXTS)).argmax(1).tolist()
    return [Example(number, label, text) for number, (text, label) in enumerate(zip(TEXTS, answers, strict=True))]


def probability(loaded: Loaded, text: str, label: int) -> float:
    return float(models.predictor(*loaded)([text])[0].softmax(0)[label])


def by_hand(loaded: Loaded, example: Example, stop_words: set[str]) -> list[tuple[str, str]]:
    """TextFooler on a text without punctuation and shorter than its window: words and what they become."""
    words, known = example.text.split(), lexicon.own()

    def value(words: list[str]) -> float:
        return probability(loaded, " ".join(words), example.label)

    free = [at for at, word in enumerate(words) if word not in stop_words]
    order = sorted(free, key=lambda at: value(words[:at] + words[at + 1 :]))
    done, now = [], value(words)
    for at in order:
        part = known.parts.get(words[at], "X")
        near = [w for w in sorted(set(known.neighbours.get(words[at], ()))) if known.parts[w] == part]
        scores = {word: value([*words[:at], word, *words[at + 1 :]]) for word in near}
        if scores and (best := min(scores, key=lambda word: scores[word])) and scores[best] < now:
            done.append((words[at], best))
            words[at], now = best, scores[best]
            if now < 0.5:
                break
    return done


def test_accepted_words_are_those_of_a_search_by_hand(honest: Loaded) -> None:
    watched = made(honest)
    stop_words = {"the", "that", "we", "was", "is", "her", "this"}
    swaps = 0
    for example in examples(honest):
        told = trace(watched, example)
        found = [(step.word, step.accepted.word) for step in told.steps if step.accepted is not None]
        assert found == by_hand(honest, example, stop_words)
        swaps += len(found)
    assert swaps > 2


def test_the_row_is_that_of_the_run(honest: Loaded) -> None:
    for recipe in ("textfooler+lexicon+minilm", "textbugger+lexicon+minilm", "deepwordbug+lexicon"):
        watched = made(honest, recipe)
        run = {row.example_id: row for row in watched.run(examples(honest), width=3)}
        for example in examples(honest):
            told = trace(watched, example)
            assert told.row == run[example.example_id], recipe
            assert len(told.probabilities) == told.row.queries
            assert told.probabilities[0] == pytest.approx(probability(honest, example.text, example.label), abs=1e-6)


def test_ranking_and_kept_words(honest: Loaded) -> None:
    example = examples(honest)[0]
    told = trace(made(honest), example)
    words = example.text.split()
    assert told.words == tuple(words)
    assert {words[at] for at in told.kept} == {"the", "that", "we", "was"}
    assert set(told.kept.values()) == {"StopwordModification"}
    assert told.kept.keys() | told.ranking.keys() == set(range(len(words)))
    for at, value in told.ranking.items():
        left = " ".join(words[:at] + words[at + 1 :])
        assert value == pytest.approx(probability(honest, left, example.label), abs=1e-6)
    assert list(told.ranking.values()) == sorted(told.ranking.values())
    assert [step.position for step in told.steps] == list(told.ranking)[: len(told.steps)]


def test_each_rejection_names_its_constraint(honest: Loaded) -> None:
    """`dreadful` is far for the encoder, which speaks only where the text fills its window of 15 words."""
    text = "the film that we saw in the town by the sea on the day of the feast was awful"
    label = int(models.predictor(*honest)([text])[0].argmax())
    told = trace(made(honest), Example(0, label, text))
    (step,) = (step for step in told.steps if step.word == "awful")
    reasons = {candidate.word: candidate.rejected for candidate in step.candidates}
    assert reasons["dreadful"] == "ServedEncoder"
    assert reasons.keys() == set(lexicon.own().neighbours["awful"])
    assert all(reason is None for word, reason in reasons.items() if word != "dreadful")
    for candidate in step.candidates:
        assert (candidate.probability is None) == (candidate.rejected is not None)
        assert candidate.text == text.replace("awful", candidate.word)
        if candidate.probability is not None:
            assert candidate.probability == pytest.approx(probability(honest, candidate.text, label), abs=1e-6)


def test_turns_follow_on_one_another(honest: Loaded) -> None:
    for example in examples(honest):
        told = trace(made(honest), example)
        now = told.probabilities[0]
        for step in told.steps:
            assert step.before == pytest.approx(now)
            now = step.accepted.probability if step.accepted else now
            assert told.probabilities[: step.queries][-1] in {c.probability for c in step.candidates} | {
                told.probabilities[step.queries - 1]
            }
        assert told.row.attacked_confidence == pytest.approx(now)
        assert not told.steps or told.steps[-1].queries == told.row.queries


def test_what_is_skipped_and_what_runs_out(honest: Loaded) -> None:
    example = examples(honest)[1]
    skipped = trace(made(honest), example._replace(label=1 - example.label))
    assert (skipped.row.outcome, skipped.steps, dict(skipped.ranking)) == ("skipped", (), {})
    assert len(skipped.probabilities) == 1
    budgeted: Trace = trace(made(honest, limits=Limits(queries=2)), example)
    assert (budgeted.row.outcome, budgeted.row.queries, budgeted.steps) == ("failed", 2, ())
    assert len(budgeted.ranking) == 1


def test_recipes_that_search_otherwise_are_refused(honest: Loaded) -> None:
    with pytest.raises(ValueError, match=r"ranks words by leaving each out, got pwws\+lexicon, whose search is Greedy"):
        trace(made(honest, "pwws+lexicon"), examples(honest)[0])
