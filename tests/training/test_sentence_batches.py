"""Text becomes rows, rows become batches, and words are hidden at the stated rates, example by example."""

import pytest
import torch

from robustlab.models.scratch import train_tokenizer
from robustlab.randomness import ExampleGenerators
from robustlab.training.sentence_batches import Masking, SentenceCollator, sentence_rows, sentences_of
from tests.contrastive.sentences import CLS, FIRST, MASK, MASKING, PAD, SEP, WORDS, encoder

TEXTS = [["one two three", "four", "five six"], ["seven"], ["one five", "two six seven one"]]
FLAT = [sentence for text in TEXTS for sentence in text]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([*FLAT, "not"])


def negated(sentence: str, number: int) -> str | None:
    return f"not {sentence}" if number % 2 else None


def decoded(tokenizer, ids) -> str:
    return tokenizer.decode(ids, skip_special_tokens=True)


def test_documents_are_cut_into_runs_of_neighbours(tokenizer):
    rows = sentence_rows(TEXTS, tokenizer, sentences=2)
    assert [[decoded(tokenizer, ids) for ids in row["ids"]] for row in rows] == [
        ["one two three", "four"], ["five six"], ["seven"], ["one five", "two six seven one"],
    ]  # fmt: skip
    assert rows["example_id"] == [[0, 1], [2], [3], [4, 5]]
    assert rows["length"] == [5, 4, 3, 6]


def test_a_batch_holds_every_sentence_with_its_document_and_its_negative(tokenizer):
    rows = sentence_rows(TEXTS, tokenizer, sentences=3, others={"negative": negated})
    batch = SentenceCollator(tokenizer)(list(rows))
    assert [decoded(tokenizer, ids) for ids in batch["input_ids"]] == FLAT
    assert batch["document"].tolist() == [0, 0, 0, 1, 2, 2]
    assert batch["example_id"].tolist() == list(range(6))
    assert batch["negative_there"].tolist() == [bool(number % 2) for number in range(6)]
    told = [decoded(tokenizer, ids) for ids in batch["negative_input_ids"]]
    assert told == [f"not {text}" if number % 2 else text for number, text in enumerate(FLAT)]
    assert batch["attention_mask"].sum(1).tolist() == [5, 3, 4, 3, 4, 6]


def test_the_vocabularys_ids_are_the_tokenizers(tokenizer):
    masking = Masking.of(tokenizer)
    assert masking.mask == tokenizer.convert_tokens_to_ids("[MASK]")
    assert set(masking.special) == {
        tokenizer.convert_tokens_to_ids(t) for t in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    }
    assert masking.words == len(tokenizer)


def test_words_are_hidden_at_the_rates_of_bert():
    ids = torch.randint(FIRST, WORDS, (400, 40), generator=torch.Generator().manual_seed(0))
    ids[:, 0], ids[:, -1] = CLS, SEP
    hidden, labels = MASKING(ids, ExampleGenerators(range(400), 0))
    chosen = labels >= 0
    assert torch.equal(labels[chosen], ids[chosen])
    assert torch.equal(hidden[~chosen], ids[~chosen])
    assert not chosen[:, 0].any()
    assert not chosen[:, -1].any()
    words = 400 * 38
    assert chosen.sum() / words == pytest.approx(0.15, abs=0.012)
    masked = (hidden == MASK) & chosen
    kept = (hidden == ids) & chosen
    assert masked.sum() / chosen.sum() == pytest.approx(0.8, abs=0.03)
    assert kept.sum() / chosen.sum() == pytest.approx(0.1, abs=0.03)


def test_every_sentence_has_a_hidden_word_and_the_same_ones_whatever_stands_beside_it():
    ids = torch.tensor([[CLS, 9, SEP, PAD], [CLS, 7, 8, SEP], [CLS, 11, 12, SEP]])
    hidden, labels = MASKING(ids, ExampleGenerators([4, 5, 6], 0, "start"))
    assert (labels >= 0).any(1).all()
    wide = torch.full((2, 9), PAD)
    wide[:, :4] = ids[[2, 0]]
    again, others = MASKING(wide, ExampleGenerators([6, 4], 0, "start"))
    assert torch.equal(again[:, :4], hidden[[2, 0]])
    assert torch.equal(others[:, :4], labels[[2, 0]])


def test_a_sentence_without_words_has_nothing_to_hide():
    _, labels = MASKING(torch.tensor([[CLS, SEP]]), ExampleGenerators([0], 0))
    assert labels.eq(-100).all()


def test_a_landscape_has_the_texts_as_companions(tokenizer):
    rows = sentence_rows(TEXTS, tokenizer, others={"negative": negated, "view": lambda text, number: text[::-1]})
    batch = SentenceCollator(tokenizer)(list(rows))
    given = {"temperature": 0.1, "noise": "same", "seed": 3, "generator": ExampleGenerators(range(6), 0)}
    place = sentences_of(encoder().eval(), batch, masking=MASKING, **given)
    assert set(place.companions) == {"masked", "negative", "view"}
    assert torch.equal(place.companions["negative"].batch["input_ids"], batch["negative_input_ids"])
    assert place.companions["masked"].batch["labels"].shape == batch["input_ids"].shape
    assert place.temperature == 0.1
    assert "masked" not in sentences_of(encoder().eval(), batch, masking=None, **given).companions


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: sentence_rows([], t), "expected at least one sentence to pre-train on"),
        (lambda t: sentence_rows(TEXTS, t, sentences=0), "sentences must be positive, got 0"),
        (lambda t: sentence_rows(TEXTS, t, others={"odd": negated}), "others must be among view, negative, got odd"),
        (
            lambda t: Masking(mask=1, special=(), words=9, rate=0.0),
            "rate must be a share above 0 and at most 1, got 0.0",
        ),
    ],
)
def test_what_is_refused(call, message, tokenizer):
    with pytest.raises(ValueError, match=message):
        call(tokenizer)
