"""Spans are runs of one document that share nothing; a contradicted document differs in one sentence."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustlab.contrastive.texts.documents import contradicted, places, spans
from robustlab.contrastive.texts.wording.thesaurus import carried
from robustlab.corpora.reasoning import conflicts, generate, solve
from tests.documents import homes

WORDS = carried()


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(0, 20), st.integers(0, 99))
def test_spans_are_runs_that_share_no_sentence(count, shortest, more, spare, example):
    total = count * shortest + spare
    runs = places(total, seed=0, example=example, count=count, shortest=shortest, longest=shortest + more)
    assert len(runs) == count
    taken = [place for run in runs for place in run]
    assert taken == sorted(set(taken))
    assert set(taken) <= set(range(total))
    assert all(shortest <= len(run) <= shortest + more for run in runs)
    assert runs == places(total, seed=0, example=example, count=count, shortest=shortest, longest=shortest + more)


def test_every_place_and_length_is_drawn():
    # Three sentences, two spans: all five ways to cut them are drawn.
    drawn = Counter(tuple(places(3, seed=0, example=example)) for example in range(2000))
    singles = [(range(0, 1), range(1, 2)), (range(0, 1), range(2, 3)), (range(1, 2), range(2, 3))]
    assert set(drawn) == {*singles, (range(0, 1), range(1, 3)), (range(0, 2), range(2, 3))}
    assert min(drawn.values()) > 100
    ends = Counter(run[-1].stop for run in (places(40, seed=1, example=example) for example in range(2000)))
    assert ends[40] > 100


def test_neither_span_is_the_longer_one():
    lengths = [[len(run) for run in places(30, seed=0, example=example)] for example in range(2000)]
    first = sum(one > other for one, other in lengths)
    second = sum(one < other for one, other in lengths)
    assert abs(first - second) < 200


def test_spans_hold_the_sentences_at_their_places():
    sentences = [f"Sentence {number}." for number in range(9)]
    one, other = spans(sentences, seed=0, example=4)
    assert [range(run.start, run.stop) for run in places(9, seed=0, example=4)] == [
        range(sentences.index(run[0]), sentences.index(run[-1]) + 1) for run in (one, other)
    ]


@pytest.mark.parametrize(
    ("total", "options", "message"),
    [
        (1, {}, "a document of one sentence has no two spans: leave it out"),
        (5, {"count": 3, "shortest": 2}, "a document of 5 sentences has no 3 spans of 2 sentences"),
        (5, {"shortest": 0}, "count and shortest must be at least 1, got 2 and 0"),
        (5, {"shortest": 2, "longest": 1}, "longest must be at least shortest, 2, got 1"),
    ],
)
def test_what_has_no_spans_is_refused(total, options, message):
    with pytest.raises(ValueError, match=message):
        spans(["Yes."] * total, seed=0, example=0, **options)


def differing(before, after):
    return [(one, other) for one, other in zip(before, after, strict=True) if one != other]


def test_a_generated_document_has_another_answer_by_one_sentence():
    for document in generate(500, sentences=(8, 16)):
        made = contradicted(document, seed=0, words=WORDS)
        ((before, after),) = differing(document.sentences, made)
        assert document.sentences.index(before) in document.gold
        assert solve(replace(document, sentences=tuple(made), gold=())).answer != document.answer
        both = replace(document, sentences=(before, after), paragraphs=(2,), gold=())
        assert conflicts(both) == ((0, 1),)


def test_plain_sentences_are_contradicted_one_at_a_time():
    claims = others = 0
    for document in generate(500, sentences=(8, 16), first=500):
        made = contradicted(document.sentences, seed=0, example=document.example_id, words=WORDS)
        ((before, after),) = differing(document.sentences, made)
        both = replace(document, sentences=(before, after), paragraphs=(2,), gold=())
        stated = bool(conflicts(both))
        claims, others = claims + stated, others + (not stated)
        assert made == contradicted(document.sentences, seed=0, example=document.example_id, words=WORDS)
    # Facts contradict a fact; fillers have a hard negative.
    assert claims > 200
    assert others > 100


def test_seeds_and_examples_choose_the_sentence():
    sentences = [f"{name} is older than Bo." for name in ("Ada", "Eva", "Ida", "Una", "Ola")]
    made = {tuple(contradicted(sentences, seed=seed, example=0, words=WORDS)) for seed in range(60)}
    assert {index for one in made for index in range(5) if one[index] != sentences[index]} == set(range(5))
    assert len({tuple(contradicted(sentences, seed=0, example=e, words=WORDS)) for e in range(30)}) > 8


def test_a_fact_takes_neither_its_own_value_nor_its_subject():
    made = {contradicted(["The flood caused the fire."], seed=seed, example=0, words=WORDS)[0] for seed in range(200)}
    assert len(made) == 20  # the 22 events but these two
    assert not {"The flood caused the flood.", "The flood caused the fire."} & made


def test_documents_of_other_tasks_take_the_plain_way():
    document = replace(homes(0, 1)[0], task="elsewhere")
    assert len(differing(document.sentences, contradicted(document, seed=0, words=WORDS))) == 1


def test_where_nothing_can_be_contradicted_none_is_made():
    assert contradicted(["Oh!", "What a day."], seed=0, example=0, words=WORDS) is None


@pytest.mark.parametrize(
    ("document", "example", "message"),
    [
        ([], 0, "a document of no sentences has none to contradict"),
        (["It is late."], None, "example must be given with plain sentences"),
        ("It is late.", 0, "expected a document or its sentences, got one string: 'It is late.'"),
    ],
)
def test_what_is_no_document_is_refused(document, example, message):
    with pytest.raises(ValueError, match=message):
        contradicted(document, seed=0, example=example)
