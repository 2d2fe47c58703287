"""Reasoners: the small one and those of transformers, from documents to tensors to answers, and to disk and back."""

import dataclasses
import logging
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers import models as tokenizer_models
from torch import nn
from transformers import PreTrainedTokenizerFast

from robustlab.corpora.documents import Document
from robustlab.landscape import GenerationLandscape, Site, embedding_site
from robustlab.models import GENERATORS, tiny_generation_batch, tiny_generator
from robustlab.models.reasoner import Reasoner, SentenceReasoner, SentenceReasonerConfig, greedy
from robustlab.models.reasoner.prompts import PromptReader
from robustlab.models.scratch import train_tokenizer
from tests.documents import homes

SIZES = {"d_model": 16, "heads": 2, "d_ff": 32, "max_words": 8, "max_answer": 20}


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return [*homes(0, 5), *homes(5, 1, (1, 1)), *homes(6, 1, (9, 9))]


@pytest.fixture(scope="module")
def small(documents: list[Document]) -> Reasoner:
    return Reasoner.small(documents, seed=1, **SIZES)


def prompted(kind: str, documents: list[Document], **settings: object) -> Reasoner:
    tokenizer = train_tokenizer(
        [text for one in documents for text in (one.text, one.instruction, "Answer:", *one.chain)]
    )
    tokenizer.eos_token, tokenizer.bos_token = "[SEP]", "[CLS]"
    model = tiny_generator(kind)
    model.resize_token_embeddings(len(tokenizer))
    model.config.eos_token_id, model.config.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
    settings = {"max_length": 64, "longest": 6} | settings
    return Reasoner(model.eval(), PromptReader(tokenizer, written=model.config.is_encoder_decoder, **settings))


@pytest.fixture(scope="module", params=["small", *GENERATORS])
def reasoner(request: pytest.FixtureRequest, documents: list[Document], small: Reasoner) -> Reasoner:
    return small if request.param == "small" else prompted(request.param, documents[:5])


def test_a_batch_says_which_sentence_each_state_belongs_to(small: Reasoner, documents: list[Document]) -> None:
    batch = small.batch(documents)
    words = small.reader.vocabulary
    assert batch["input_ids"].shape == (7, 10, 5)
    for row, document in enumerate(documents):
        n = len(document.sentences)
        assert batch["units"][row].tolist() == [-1, *range(n), *[-1] * (9 - n)]
        assert batch["attention_mask"][row].tolist() == [1] * (n + 1) + [0] * (9 - n)
        assert words.decode(batch["input_ids"][row, 0].tolist()) == document.instruction
        for number, sentence in enumerate(document.sentences):
            assert words.decode(batch["input_ids"][row, number + 1].tolist()) == sentence
        assert words.decode(batch["labels"][row][batch["labels"][row] >= 0].tolist()) == document.answer
    assert batch["paragraphs"][6].tolist() == [-1, 0, 0, *[1] * 7]
    assert batch["example_id"].tolist() == list(range(7))
    assert "labels" not in small.batch(documents, answers=False)


@pytest.mark.parametrize("kind", GENERATORS)
def test_tokens_of_a_prompt_know_their_sentence(kind: str, documents: list[Document]) -> None:
    made = prompted(kind, documents)
    batch, tokenizer = made.batch(documents[:5]), made.reader.tokenizer
    for row, document in enumerate(documents[:5]):
        ids, units = batch["input_ids"][row], batch["units"][row]
        for number, sentence in enumerate(document.sentences):
            expected = tokenizer(sentence, add_special_tokens=False)["input_ids"]
            assert ids[units == number].tolist() == expected
        answer = tokenizer(document.answer, add_special_tokens=False)["input_ids"]
        labels = batch["labels"][row][batch["labels"][row] >= 0].tolist()
        outside = tokenizer.decode(ids[(units < 0) & (batch["attention_mask"][row] == 1)])
        assert document.instruction.lower() in outside
        if kind in ("t5", "bart"):
            assert labels[-len(answer) - 1 :] == [*answer, made.reader.end]
        else:
            assert labels == [*answer, made.reader.end]
            assert ids[batch["labels"][row] >= 0].tolist() == labels
            assert "answer :" in outside
            prompt = made.batch(documents[row : row + 1], answers=False)["input_ids"][0].tolist()
            assert ids[: len(prompt)].tolist() == prompt
            assert prompt[-1] != made.reader.end


def test_a_token_that_begins_with_a_space_belongs_to_its_sentence(documents: list[Document]) -> None:
    """Byte-level tokenizers, as those of GPT-2 and Llama, put the space before a word into the word's token."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate([*letters, "ĠO", "<end>"])}
    backend = Tokenizer(tokenizer_models.BPE(vocabulary, [("Ġ", "O")]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<end>")
    one = dataclasses.replace(documents[0], sentences=("It rained.", "Odo lives in Brel."), paragraphs=(2,), gold=())
    row = PromptReader(tokenizer, written=False).encode(one)
    place = row["input_ids"].index(vocabulary["ĠO"])
    assert row["units"][place] == 1
    assert row["units"].count(1) == len("Odo lives in Brel.")
    assert row["units"].count(0) == len("It rained.")


def test_answers_do_not_depend_on_company(reasoner: Reasoner, documents: list[Document]) -> None:
    together = reasoner.answer(documents[:5])
    assert together == [reasoner.answer([one])[0] for one in documents[:5]]
    assert together == reasoner.answer(documents[:5], batch_size=2)
    assert not reasoner.model.training


def test_an_offset_of_zero_changes_no_answer_and_another_moves_units_alone(
    reasoner: Reasoner, documents: list[Document]
) -> None:
    landscape = GenerationLandscape(reasoner.model, reasoner.batch(documents[:5]))
    assert reasoner.answer(documents[:5], offset=torch.zeros(landscape.shape)) == reasoner.answer(documents[:5])
    far = 20 * torch.randn(landscape.shape, generator=torch.Generator().manual_seed(0))
    assert reasoner.write(documents[:5], offset=far) == reasoner.write(documents[:5], offset=far * landscape.mask)
    assert reasoner.write(documents[:5], offset=far * (1 - landscape.mask)) == reasoner.write(documents[:5])


def test_what_is_written_under_an_offset_is_what_the_landscape_finds_most_probable(
    reasoner: Reasoner, documents: list[Document]
) -> None:
    """Forced to write the answer that was given under an offset, the model finds each of its words most probable."""
    one = documents[:1]
    batch = reasoner.batch(one, answers=False)
    shape = GenerationLandscape(reasoner.model, reasoner.batch(one)).shape
    offset = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    words = torch.tensor(reasoner.write(one, offset=offset))
    if reasoner.model.config.is_encoder_decoder:
        forced = batch | {"labels": words}
    else:
        ids = torch.cat([batch["input_ids"], words], 1)
        forced = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        forced["units"] = torch.cat([batch["units"], torch.full_like(words, -1)], 1)
        forced["labels"] = torch.cat([torch.full_like(batch["input_ids"], -100), words], 1)
    landscape = GenerationLandscape(reasoner.model, forced)
    moved = torch.zeros(landscape.shape)
    size = batch["units"].shape[1]
    moved[:, :size] = offset[:, :size]
    assert landscape.logits(moved).argmax(-1).tolist() == words.tolist()


@pytest.mark.parametrize("kind", GENERATORS)
def test_greedy_is_that_of_transformers(kind: str) -> None:
    """One row at a time, so that generate needs no padding on the left."""
    model = tiny_generator(kind, seed=3).eval()
    with torch.no_grad():  # weights that tell places and words well apart
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(8)
    batch = tiny_generation_batch(kind, batch=6)
    prompts = []
    for row in range(6):
        asked = (batch["units"][row] >= 0) | (torch.arange(batch["units"].shape[1]) < 2)
        prompts.append(batch["input_ids"][row][asked])
    ids = nn.utils.rnn.pad_sequence(prompts, batch_first=True)
    mask = nn.utils.rnn.pad_sequence([torch.ones_like(p) for p in prompts], batch_first=True)
    mine = greedy(model, {"input_ids": ids, "attention_mask": mask}, end=2, longest=9)
    for row, prompt in enumerate(prompts):
        settings = {"max_new_tokens": 9, "do_sample": False, "num_beams": 1, "eos_token_id": 2, "pad_token_id": 0}
        theirs = model.generate(prompt[None], attention_mask=torch.ones(1, len(prompt)).long(), **settings)[0]
        theirs = theirs[1:] if model.config.is_encoder_decoder else theirs[len(prompt) :]
        assert mine[row, : len(theirs)].tolist() == theirs.tolist()
        assert (mine[row, len(theirs) :] == 2).all()


def test_save_and_load(reasoner: Reasoner, documents: list[Document], tmp_path: Path) -> None:
    reasoner.save(tmp_path)
    again = Reasoner.load(tmp_path)
    assert type(again.model) is type(reasoner.model)
    for name, value in reasoner.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name])
    assert again.answer(documents[:5]) == reasoner.answer(documents[:5])
    one, other = reasoner.batch(documents[:5]), again.batch(documents[:5])
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert again.reader.longest == reasoner.reader.longest


def test_what_is_no_reasoner_is_named(tmp_path: Path, small: Reasoner) -> None:
    with pytest.raises(FileNotFoundError, match="no model .* that generates: .*Give a folder that Reasoner.save wrote"):
        Reasoner.load(tmp_path)
    small.model.save_pretrained(tmp_path)
    with pytest.raises(FileNotFoundError, match="holds no vocabulary.json: it was not written by Reasoner.save"):
        Reasoner.load(tmp_path)


def test_a_chain_is_written_before_the_answer(documents: list[Document]) -> None:
    made = Reasoner.small(documents, chain=True, **SIZES)
    row = made.reader.encode(documents[0])
    assert made.reader.decode(row["labels"]) == documents[0].answer
    assert made.reader.steps(row["labels"]) == documents[0].chain
    written = prompted("t5", documents, chain=True, longest=40)
    labels = written.reader.encode(documents[0])["labels"]
    assert written.reader.decode(labels).lower() == documents[0].answer.lower()


def test_the_seed_decides_the_weights_and_nothing_else_is_drawn(documents: list[Document]) -> None:
    before = torch.get_rng_state()
    one, same, other = (Reasoner.small(documents, seed=seed, **SIZES).model.state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)
    assert torch.equal(before, torch.get_rng_state())


def test_order_hardly_matters(small: Reasoner) -> None:
    """Without neighbours' biases, which begin at 0, a document is a set of sentences."""
    document = homes(0, 1, (6, 6))[0]
    other = dataclasses.replace(document, sentences=document.sentences[::-1], gold=(), paragraphs=(3, 3))
    one, two = (GenerationLandscape(small.model, small.batch([d])).logits() for d in (document, other))
    torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        small.model.encoder.biases[0].weight[1] = 3.0
    moved = GenerationLandscape(small.model, small.batch([other])).logits()
    assert not torch.allclose(two, moved, rtol=1e-3, atol=1e-3)
    with torch.no_grad():
        small.model.encoder.biases[0].weight[1] = 0.0


def test_relations_of_units() -> None:
    from robustlab.models.reasoner import layers

    found = layers.relations(torch.tensor([[-1, 0, 0, 0, 1]]))[0].tolist()
    s, b, a, p, e = layers.SELF, layers.BEFORE, layers.AFTER, layers.SAME_PARAGRAPH, layers.ELSEWHERE
    i, f = layers.TO_INSTRUCTION, layers.FROM_INSTRUCTION
    assert found == [[s, f, f, f, f], [i, s, a, p, e], [i, b, s, a, e], [i, p, b, s, e], [i, e, e, e, s]]


def test_too_long_is_an_error_or_a_counted_cut(documents: list[Document], caplog: pytest.LogCaptureFixture) -> None:
    long = dataclasses.replace(documents[0], sentences=("Lena " * 30 + "lives in Arden.", *documents[0].sentences[1:]))
    made = Reasoner.small([*documents, long], **SIZES)
    said = 'document 0: sentence 0 is 34 long and the model reads 8; pass overlong="truncate" to cut it'
    with pytest.raises(ValueError, match=said):
        made.batch([long])
    cutting = Reasoner.small([*documents, long], overlong="truncate", **SIZES)
    with caplog.at_level(logging.WARNING):
        assert cutting.batch([long])["input_ids"].shape[-1] == 8
        cutting.batch([long, long, long])
    assert cutting.reader.truncated == 4
    assert [record.message.rpartition("as ")[2] for record in caplog.records] == ["1 so far", "2 so far", "4 so far"]


def test_instructions_and_answers_are_never_cut(documents: list[Document]) -> None:
    made = Reasoner.small(documents, overlong="truncate", **SIZES)
    asked = dataclasses.replace(documents[0], instruction="Where does " + "Lena " * 9 + "live?")
    with pytest.raises(ValueError, match="document 0: the instruction is 13 long, the limit is 8, and it is never cut"):
        made.batch([asked])
    answered = dataclasses.replace(documents[0], answer="Arden " * 20)
    with pytest.raises(
        ValueError, match="the answer is 21 long, the limit is 20.*make the model with a larger max_ans"
    ):
        made.batch([answered])


@pytest.mark.parametrize("kind", ["t5", "gpt2"])
def test_a_long_prompt_is_an_error_or_loses_its_last_sentences(kind: str, documents: list[Document]) -> None:
    document = documents[6]
    with pytest.raises(ValueError, match=r"document 6: the prompt is \d+ long and the model reads \d+; pass overlong"):
        prompted(kind, documents, max_length=40).batch([document])
    made = prompted(kind, documents, max_length=40, overlong="truncate")
    whole = prompted(kind, documents, max_length=200).batch([document])
    batch = made.batch([document])
    answer = 0 if kind == "t5" else int((batch["labels"] >= 0).sum())
    room = 40 if kind == "t5" else 40 - made.reader.longest  # behind a prompt stands the answer, however long it gets
    assert batch["input_ids"].shape[1] == room + answer
    assert made.reader.truncated == 1
    asked = made.batch([document], answers=False)["input_ids"]
    assert asked.tolist() == batch["input_ids"][:, :room].tolist()
    assert len(made.answer([document])) == 1
    kept = batch["input_ids"][0][batch["units"][0] >= 0]
    assert kept.tolist() == whole["input_ids"][0][whole["units"][0] >= 0][: len(kept)].tolist()
    for outside in (lambda b: b["input_ids"][0][b["units"][0] < 0].tolist(),):
        assert outside(batch) == outside(whole)
    with pytest.raises(ValueError, match="what stands around the document is .* never cut; pass a larger max_length="):
        prompted(kind, documents, max_length=7, overlong="truncate").batch([document])
    with pytest.raises(ValueError, match="the answer is .* long, the limit is 1, .* pass a larger longest="):
        prompted(kind, documents, longest=1).batch([document])


def test_what_cannot_be_read_is_refused(small: Reasoner, documents: list[Document]) -> None:
    with pytest.raises(ValueError, match="expected at least one document, got none"):
        small.batch([])
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        small.answer(documents, batch_size=0)
    with pytest.raises(ValueError, match=r"an offset for these documents begins with \(7, 10\), got \(1, 2, 16\)"):
        small.answer(documents, offset=torch.zeros(1, 2, 16))
    with pytest.raises(ValueError, match="an offset needs a site"):
        greedy(small.model, small.batch(documents, answers=False), end=3, longest=2, offset=torch.zeros(7, 10, 16))
    with pytest.raises(ValueError, match="longest must be at least 1, got 0"):
        greedy(small.model, small.batch(documents, answers=False), end=3, longest=0)
    site = Site(small.model.decoder.blocks[0].think[0])
    with pytest.raises(ValueError, match="the site Linear was called 0 times"):
        small.answer(documents, offset=torch.zeros(7, 10, 16), site=site)
    with pytest.raises(ValueError, match="expected documents that the vocabulary is taken from, got none"):
        Reasoner.small([])
    with pytest.raises(ValueError, match='overlong must be "error" or "truncate", got \'ignore\''):
        Reasoner.small(documents, overlong="ignore")
    with pytest.raises(ValueError, match="got neither: the decoder has nothing to read"):
        small.model(**{k: v for k, v in small.batch(documents, answers=False).items() if k != "units"})
    with pytest.raises(ValueError, match="an answer of 21 words is longer than max_answer, 20"):
        small.model(
            encoder_outputs=(torch.zeros(1, 2, 16),), attention_mask=torch.ones(1, 2), labels=torch.ones(1, 21).long()
        )


def test_words_can_be_moved_too(small: Reasoner, documents: list[Document]) -> None:
    site = embedding_site(small.model)
    landscape = GenerationLandscape(small.model, small.batch(documents), site=site)
    assert small.answer(documents, offset=torch.zeros(landscape.shape), site=site) == small.answer(documents)


def test_prompts_want_a_fast_tokenizer_with_an_end(documents: list[Document]) -> None:
    tokenizer = train_tokenizer(["a b"])
    with pytest.raises(TypeError, match="no end token, and an answer must end; set tokenizer.eos_token"):
        PromptReader(tokenizer, written=True)
    tokenizer.eos_token = "[SEP]"
    with pytest.raises(ValueError, match="longest must be at least 1, got 0"):
        PromptReader(tokenizer, written=True, longest=0)
    slow = type("Slow", (), {"is_fast": False, "eos_token_id": 1})()
    with pytest.raises(TypeError, match="expected a fast tokenizer, which knows where tokens stand, got Slow"):
        PromptReader(slow, written=True)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"heads": 5}, "heads must divide d_model, got 5 heads and a width of 96"),
        ({"pools": 1}, "pools must be at least 2, got 1"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
    ],
)
def test_sizes_that_make_no_model(sizes: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SentenceReasonerConfig(**sizes)


def test_it_has_the_size_that_it_says(small: Reasoner) -> None:
    assert small.model.size == sum(p.numel() for p in small.model.parameters())
    assert 450_000 < SentenceReasoner(SentenceReasonerConfig(vocab_size=500)).size < 700_000


def test_who_did_it_is_told_from_who_suffered_it_before_any_training() -> None:
    torch.manual_seed(0)
    model = SentenceReasoner(SentenceReasonerConfig(vocab_size=60)).eval()
    the, caused, fire, war = 1, 10, 50, 52  # the rarer a word, the higher its number
    words = torch.tensor([[the, fire, caused, the, war], [the, war, caused, the, fire]])
    encoder = model.encoder
    with torch.no_grad():
        units = encoder.sentences(encoder.embed_tokens(words), encoder.counts[words], words > 0)
    assert torch.cosine_similarity(units[0], units[1], dim=0) < 0.7
