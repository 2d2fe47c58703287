"""What reviews say, views and negatives before judges, and who is pushed in a batch: by hand and by loops."""

import math
from itertools import combinations

import pytest
import torch

from robustlab.contrastive.texts import edited
from robustlab.corpora import reviews
from robustlab.corpora.reasoning_sets import load_documents
from robustlab.evaluation.statistics import proportion
from robustlab.study.pretraining import certified, meanings, pushes

SAID = {
    "the plot is dull , but the cast is good .": (1, {("plot", False), ("acting", True)}, set()),
    "The plot isn't dull & the cast is not bad.": (None, {("plot", True), ("acting", True)}, set()),
    "we had tea before it . it is not a weak film .": (1, {("film", True)}, {"we had tea before it ."}),
    "i did not like the score .": (0, {("music", False)}, set()),
    "although we loved the storyline , the acting was never really good .": (
        0,
        {("plot", True), ("acting", False)},
        set(),
    ),
    "my aunt chose it .": (None, set(), {"my aunt chose it ."}),
}


@pytest.mark.parametrize("text", SAID)
def test_what_is_said_by_hand(text):
    verdict, opinions, beside = SAID[text]
    found = meanings.said(text)
    assert (found.opinions, found.beside) == (opinions, beside)
    assert verdict is None or found.verdict == verdict


def test_variants_that_change_no_fact_say_the_same():
    made = [reviews.review("train", number) for number in range(300)]
    lone = [one for one in made if one.text.count(" .") == 1]
    assert len(lone) > 100
    for one in lone:
        first, *_, last = [*one.variants()]
        assert meanings.said(first) == meanings.said(last) == meanings.said(one.text)
        assert meanings.said(one.text).verdict == one.label


def test_the_chance_of_two_alike_is_that_of_all_pairs():
    texts = ["a", "b", "a", "c", "b", "a"]
    pairs = list(combinations(texts, 2))
    assert meanings.chance(texts) == pytest.approx(sum(one == other for one, other in pairs) / len(pairs))
    with pytest.raises(ValueError, match="a pair takes at least 2 texts, got 1"):
        meanings.chance(["a"])


def test_pairs_that_say_the_same():
    texts = ["the plot is dull .", "the story was boring .", "the plot is not dull .", "the plot is dull ."]
    assert meanings.same(texts).int().tolist() == [[0, 1, 0, 1], [1, 0, 0, 1], [0, 0, 0, 0], [1, 1, 0, 0]]


def test_a_change_is_judged_where_it_changes():
    texts = ["the plot is dull .", "the plot is good .", "the cast is bad .", "we loved the score ."]
    other = {texts[0]: "the story is dull .", texts[1]: "the cast is good .", texts[2]: "the cast is zzz ."}
    found = certified.judged("toy", lambda text, seed, example: other.get(text), texts)
    assert (found.texts, found.applies) == (4, 3)
    assert found.verdict == proportion(2, 3)
    assert found.meaning == proportion(1, 3)
    assert found.unread == proportion(1, 3)
    line = certified.table([found]).loc["toy"]
    assert line["changes, % of the texts"] == "75"
    assert line["says the same, %"].startswith("33.3 (")
    with pytest.raises(ValueError, match="idle changes none of 4 texts: there is nothing to judge"):
        certified.judged("idle", lambda text, seed, example: text, texts)


def test_a_thesaurus_is_asked_although_the_corpus_could_certify():
    text = "the acting was simply excellent ."
    made = {certified.by_thesaurus(text, 0, example) for example in range(40)}
    assert any("merely" in one for one in made)
    assert all(one[0] == "t" for one in made)


def test_contradicted_documents_have_another_answer():
    found = certified.judged_documents(load_documents("reasoning", split="dev", source="builtin", n=6))
    assert found.texts == 6
    assert found.verdict.value == 0


def test_edits_keep_what_is_said():
    texts = [reviews.review("dev", number).text for number in range(150)]
    assert certified.judged("form", edited, texts).meaning.value == 1


def by_loops(anchors, views, negatives, alike, temperature, weight):
    def cosine(a, b):
        return float(a @ b / (a.norm() * b.norm()))

    false = hard = total = 0.0
    for i, anchor in enumerate(anchors):
        mass = [math.exp(cosine(anchor, view) / temperature) for view in views]
        own = weight * math.exp(cosine(anchor, negatives[i]) / temperature)
        whole = sum(mass) + own
        false += sum(m for m, same in zip(mass, alike[i], strict=True) if same) / whole
        hard += own / whole
        total += 1 - mass[i] / whole
    return false / total, hard / total, total / len(anchors)


@pytest.mark.parametrize("weight", [0.0, 1.0, 5.0])
def test_the_push_is_shared_out_as_in_a_loop(weight):
    generator = torch.Generator().manual_seed(0)
    anchors, views, negatives = torch.randn(3, 6, 4, generator=generator, dtype=torch.float64)
    alike = torch.zeros(6, 6, dtype=torch.bool)
    alike[0, 2] = alike[2, 0] = alike[3, 5] = alike[5, 3] = True
    found = pushes.shared_out(anchors, views, negatives, alike, temperature=0.3, weight=weight)
    assert found == pytest.approx(by_loops(anchors, views, negatives, alike, 0.3, weight))


def test_pushes_of_batches_are_means_and_leave_out_the_rest(monkeypatch):
    texts = ["the plot is dull .", "the story is dull .", "the cast is bad .", "the score is bad .", "we hated it ."]
    generator = torch.Generator().manual_seed(1)
    vectors = {text: torch.randn(4, generator=generator, dtype=torch.float64) for text in texts}
    monkeypatch.setattr(pushes, "represent", lambda encoder, asked: torch.stack([vectors[text] for text in asked]))
    found = pushes.pushed(None, texts, texts, texts, temperatures=(0.5,), batch_size=2)[0.5]
    each = []
    for i in (0, 2):
        z = torch.stack([vectors[text] for text in texts[i : i + 2]])
        alike = torch.tensor([[0, 1], [1, 0]]).bool() if i == 0 else torch.zeros(2, 2, dtype=torch.bool)
        each.append(by_loops(z, z, z, alike, 0.5, 1.0))
    assert found == pytest.approx([(a + b) / 2 for a, b in zip(*each, strict=True)])
    with pytest.raises(ValueError, match="expected at least one batch of 8 sentences, got 5"):
        pushes.pushed(None, texts, texts, texts, temperatures=(1.0,), batch_size=8)
