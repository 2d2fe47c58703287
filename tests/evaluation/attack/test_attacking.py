"""Attacks through the engine find what TextAttack finds by itself."""

import math
import socket
import sys
from collections import OrderedDict

import pytest
import torch

from robustlab import resources
from robustlab.evaluation.attack.attacking import AttackError, Example
from robustlab.evaluation.attack.encoding import minilm_encoder
from robustlab.evaluation.attack.limits import Limits
from robustlab.resources import MissingResourceError

DETERMINISTIC = ("textfooler+lexicon+minilm", "pwws+lexicon", "bae+lexicon+minilm+plumbing")
FEW = 1  # the masked language model has 30,000 answers for each of a text's words
RANDOM = ("textbugger+lexicon+minilm", "deepwordbug+lexicon")
WEIRD = (
    "",
    " ",
    "bad",
    "!!! ???",
    'the film was "bad", said <b>she</b> & <script>alert("bad")</script>',
    "the film 😀 was bad 😀😀 \u200b\u202e end",
    "the film was\tbad\nand\r\nawful\x85today\u2028now",
    "бad film плохо 悪い映画 فيلم سيئ",
    "the film was bad " + "and long " * 90,
    "it's a 'bad' film — don't … <SPLIT> see it",
)


def told(row):
    """What a search decides; the probabilities' last digits depend on the batch."""
    return (row.example_id, row.outcome, row.attacked_text, row.queries, row.changed, row.words, row.attacked_predicted)


def found(attacker, examples, width):
    rows = list(attacker.run(examples, width=width))
    assert not [row for row in rows if isinstance(row, AttackError)]
    return sorted(map(told, rows))


@pytest.mark.parametrize("name", [*DETERMINISTIC, *RANDOM])
def test_the_width_decides_nothing(recipe, examples, name):
    examples = examples[: FEW if "plumbing" in name else None]
    attacker = recipe(name, seed=5)
    alone = found(attacker, examples, 1)
    assert found(recipe(name, seed=5), examples[::-1], 7) == alone
    assert "plumbing" in name or "succeeded" in {row[1] for row in alone}


def test_the_seed_decides_what_is_drawn(recipe, examples):
    assert found(recipe("deepwordbug+lexicon", seed=1), examples, 8) != found(
        recipe("deepwordbug+lexicon", seed=2), examples, 8
    )


class Plain:
    """TextAttack's own attack on the recipe's parts: padded to 512 tokens, without services, one example at a time."""

    def __init__(self, attacker):
        from textattack import Attack
        from textattack.constraints.semantics.sentence_encoders import SentenceEncoder
        from textattack.models.wrappers import HuggingFaceModelWrapper

        from robustlab.evaluation.attack.masked_lm import load_masked_lm
        from robustlab.evaluation.attack.parts.encoder import ServedEncoder

        class OneByOne(SentenceEncoder):
            def __init__(self, like):
                self.__dict__.update({name: value for name, value in vars(like).items() if name != "served"})
                self.model, self.embed = self, minilm_encoder(batch_size=1)

            def encode(self, sentences):
                return torch.cat([self.embed([sentence]) for sentence in sentences])

        served = attacker.attack
        goal = type(served.goal_function)(HuggingFaceModelWrapper(*attacker.bench.loaded))
        constraints = [*served.pre_transformation_constraints, *served.constraints]
        constraints = [OneByOne(each) if isinstance(each, ServedEncoder) else each for each in constraints]
        transformation = served.transformation
        if hasattr(transformation, "_language_model"):
            transformation._language_model = load_masked_lm(attacker.bench.recipe)[0].eval()
            transformation.max_length = 64  # padding, of which the engine has none; 512 takes a minute
        self.attack = Attack(goal, constraints, transformation, served.search_method)

    def __call__(self, example):
        columns = OrderedDict(text=example.text)
        if example.text_pair is not None:
            columns["text_pair"] = example.text_pair
        result = self.attack.attack(columns, example.label)
        kind = type(result).__name__.removesuffix("AttackResult").lower()
        outcome = {"successful": "succeeded"}.get(kind, kind)
        return outcome, result.perturbed_result.attacked_text._text_input["text"], result.num_queries


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_outcome_text_and_queries_are_textattacks(recipe, examples, name):
    rows = {row.example_id: row for row in recipe(name).run(examples, width=16)}
    plain = Plain(recipe(name))
    for example in examples[: FEW if "plumbing" in name else 12]:
        row = rows[example.example_id]
        assert (row.outcome, row.attacked_text, row.queries) == plain(example)


@pytest.mark.parametrize("name", ["textfooler+lexicon+minilm", "pwws+lexicon", "textbugger+lexicon+minilm"])
def test_no_text_breaks_an_attack(recipe, name):
    given = [Example(number, label, text) for number, text in enumerate(WEIRD) for label in (0,)]
    rows = {row.example_id: row for row in recipe(name).run(given, width=4)}
    assert sorted(rows) == list(range(len(WEIRD)))
    assert all(row.text == WEIRD[number] for number, row in rows.items())
    untouched = [row for row in rows.values() if not row.changed]
    assert all(row.attacked_text == row.text for row in untouched)


def test_a_pair_is_changed_where_it_may_be(recipe):
    given = [Example(0, 0, "the film was bad", "the play is awful"), Example(1, 0, "the play is dull", "a bad film")]
    for column, kept in (("text", "text_pair"), ("text_pair", "text")):
        for row, example in zip(
            sorted(recipe("pwws+lexicon", Limits(column=column)).run(given), key=lambda row: row.example_id),
            given,
            strict=True,
        ):
            after = {"text": row.attacked_text, "text_pair": row.attacked_pair}
            assert after[kept] == getattr(example, kept)
            if row.changed:
                assert after[column] != getattr(example, column)


def test_budgets_bound_queries_and_words(recipe, examples):
    free = {row.example_id: row for row in recipe("textfooler+lexicon+minilm").run(examples)}
    most = sorted(row.queries for row in free.values())[len(free) // 2]
    bound = {row.example_id: row for row in recipe("textfooler+lexicon+minilm", Limits(queries=most)).run(examples)}
    assert max(row.queries for row in bound.values()) <= most
    for number, row in bound.items():
        assert row.exhausted == (row.outcome == "failed" and row.queries == most)
        if free[number].queries <= most:
            assert told(row) == told(free[number])
    few = recipe("textfooler+lexicon+minilm", Limits(words=0.2)).run(examples)
    assert all(row.changed <= math.ceil(0.2 * row.words) for row in few)


def test_an_unknown_recipe_is_refused_with_the_nearest_name(recipe):
    with pytest.raises(ValueError, match="unknown recipe 'textfoller': did you mean 'textfooler'"):
        recipe("textfoller")


def test_a_recipe_without_success_or_failure_is_refused(recipe):
    with pytest.raises(ValueError, match="input-reduction does not look for a wrong answer of a classifier"):
        recipe("input-reduction+lexicon")


def test_a_substitute_that_stands_in_for_nothing_is_refused(recipe):
    with pytest.raises(ValueError, match="pwws needs nothing that \\+minilm stands in for: leave it out"):
        recipe("pwws+lexicon+minilm")


def test_what_is_missing_is_told_at_once_and_nothing_is_downloaded(recipe, monkeypatch, tmp_path):
    def refuse(*args, **kwargs):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("ROBUSTLAB_DATA", raising=False)
    monkeypatch.setenv("TA_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(sys.modules["nltk"].data, "path", [])
    with pytest.raises(MissingResourceError) as error:
        recipe("textfooler")
    assert {"counter-fitted", "universal-sentence-encoder"} <= set(error.value.missing)
    for told_of in ("481 MB", "textattack.s3.amazonaws.com", "robustlab prefetch counter-fitted", "+neighbours"):
        assert told_of in str(error.value)
    with pytest.raises(MissingResourceError, match="masked-lm"):
        recipe("bae+lexicon+minilm")


def test_a_broken_example_leaves_the_others(recipe, examples, monkeypatch):
    attacker = recipe("pwws+lexicon")
    whole = {told(row)[:4] for row in attacker.run(examples[:6])}
    swap = type(attacker.attack.transformation)
    genuine = swap._get_replacement_words

    def break_on_one(self, word):
        if word == examples[1].text.split()[-1]:
            raise LookupError("lost")
        return genuine(self, word)

    monkeypatch.setattr(swap, "_get_replacement_words", break_on_one)
    rows = list(attacker.run(examples[:6], width=3))
    errors = [row for row in rows if isinstance(row, AttackError)]
    assert errors
    assert "LookupError: lost" in str(errors[0])
    assert {told(row)[:4] for row in rows if not isinstance(row, AttackError)} <= whole


def test_the_universal_sentence_encoder_is_asked_in_batches(recipe, examples, monkeypatch, tmp_path):
    """With a stand-in for TensorFlow Hub: a recipe that has its resources builds under its plain name."""
    calls = []
    embed = minilm_encoder()

    class Hub:
        @staticmethod
        def load(place):
            assert place == str(tmp_path)

            def model(texts):
                calls.append(len(texts))
                return {"outputs": embed(texts)}

            return model

    monkeypatch.setitem(sys.modules, "tensorflow_hub", Hub)
    genuine = resources.find
    find = lambda name, *more: tmp_path if name == "universal-sentence-encoder" else genuine(name, *more)  # noqa: E731
    monkeypatch.setattr(resources, "find", find)
    monkeypatch.setattr(resources, "require", lambda *names: {name: find(name) for name in names})
    attacker = recipe("textfooler+lexicon")
    assert attacker.resources == ("universal-sentence-encoder",)
    assert found(attacker, examples, 8) == found(recipe("textfooler+lexicon+minilm"), examples, 8)
    assert 0 < len(calls) < sum(calls)
