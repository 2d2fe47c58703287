"""The decoder's attention and the sentences that it should have looked at, word by word."""

import math
from dataclasses import replace

import pytest
import torch

from robustlab import methods
from robustlab.ascent.gradient import GradientAscent
from robustlab.corpora import reasoning
from robustlab.landscape import GenerationLandscape
from robustlab.models import tiny_generation_batch, tiny_generator
from robustlab.models.reasoner import Reasoner
from robustlab.objective.supporting_facts import SupportingFacts
from robustlab.training.step import accumulate


@pytest.fixture(scope="module")
def reasoner() -> Reasoner:
    documents = reasoning.generate(40, sentences=(5, 8))
    return Reasoner.small(documents, chain=True, d_model=16, heads=2, d_ff=32)


def test_every_word_of_a_step_rests_on_the_sentence_that_says_it(reasoner: Reasoner) -> None:
    for document in reasoning.generate(12, sentences=(5, 8), first=100):
        row = reasoner.reader.encode(document)
        seen = {unit for unit in row["support"] if unit >= 0}
        assert seen == {index + 1 for index in document.gold}
        for unit in seen:
            words = [row["labels"][place] for place, other in enumerate(row["support"]) if other == unit]
            step = reasoner.reader.vocabulary.decode(words)
            names = [word for word in step.rstrip(".").split() if word.istitle() and word != "The"]
            assert all(name in document.sentences[unit - 1] for name in names)


def test_words_of_a_chain_that_does_not_go_step_by_step_rest_on_nothing_known(reasoner: Reasoner) -> None:
    (document,) = reasoning.generate(1, sentences=(5, 8), first=100)
    assert max(reasoner.reader.encode(document)["support"]) > 0
    for chain in ((), ("Olga.",) * (len(document.gold) + 2)):
        assert set(reasoner.reader.encode(replace(document, chain=chain))["support"]) == {-1}


def test_the_term_is_the_surprise_at_where_each_word_looked(reasoner: Reasoner) -> None:
    model = reasoner.model.double()
    batch = reasoner.batch(reasoning.generate(4, sentences=(5, 8), first=100))
    landscape = GenerationLandscape(model, batch)
    logs = accumulate(methods.supporting_facts(weight=0.5), landscape)
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "paragraphs", "labels")}
    with torch.no_grad():
        looked = model(**inputs, output_attentions=True).cross_attentions
    surprises = [
        -math.log(sum(float(block[b, head, t, unit]) for head in range(2)) / 2)
        for block in looked
        for b, row in enumerate(batch["support"].tolist())
        for t, unit in enumerate(row)
        if unit >= 0
    ]
    expected = sum(surprises) / len(surprises)
    assert float(logs["missed"]) == pytest.approx(expected, rel=1e-9)
    assert float(logs["loss"]) == pytest.approx(float(logs["clean_loss"]) + 0.5 * expected, rel=1e-9)
    assert float(logs["clean_loss"]) == pytest.approx(float(landscape.loss().mean()), rel=1e-9)


def test_a_few_steps_turn_the_attention_to_the_evidence(reasoner: Reasoner) -> None:
    model = reasoner.model.float()
    batch = reasoner.batch(reasoning.generate(8, sentences=(5, 8), first=200))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    missed = []
    for _ in range(25):
        optimizer.zero_grad()
        missed.append(
            float(accumulate(methods.supporting_facts(weight=1.0), GenerationLandscape(model, batch))["missed"])
        )
        optimizer.step()
    assert missed[-1] < 0.7 * missed[0]


def test_without_known_evidence_the_term_is_nothing(reasoner: Reasoner) -> None:
    batch = reasoner.batch(reasoning.generate(2, sentences=(5, 8)))
    batch["support"] = torch.full_like(batch["support"], -1)
    logs = accumulate(methods.supporting_facts(), GenerationLandscape(reasoner.model, batch))
    assert float(logs["missed"]) == 0
    assert float(logs["loss"]) == float(logs["clean_loss"])


def test_what_it_cannot_use_is_refused(reasoner: Reasoner) -> None:
    with pytest.raises(ValueError, match="weight must be positive"):
        SupportingFacts(0.0)
    with pytest.raises(ValueError, match="supporting facts perturb nothing and takes no path"):
        methods.Method(GradientAscent(steps=1, step_size=0.1), SupportingFacts(1.0))
    model, batch = tiny_generator("t5"), tiny_generation_batch("t5")
    with pytest.raises(ValueError, match="expected a batch that says which sentence"):
        accumulate(methods.supporting_facts(), GenerationLandscape(model, batch))
    decoder, other = tiny_generator("gpt2"), tiny_generation_batch("gpt2")
    with pytest.raises(ValueError, match="has no decoder that looks at an encoder"):
        GenerationLandscape(decoder, other).attended()
