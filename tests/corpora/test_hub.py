import pytest
from datasets import ClassLabel, Dataset, Features, Value

from robustlab import corpora
from robustlab.corpora.hub import map_columns, place_on_hub

TEXT, INDEX = Value("string"), Value("int32")


def on_the_hub(names: list[str], **columns: list) -> Dataset:
    """A dataset of the hub's schema: strings, a ClassLabel and, in GLUE, an index."""
    features = {name: TEXT for name in columns if name not in ("label", "idx")}
    features["label"] = ClassLabel(names=names)
    if "idx" in columns:
        features["idx"] = INDEX
    return Dataset.from_dict(columns, features=Features(features))


@pytest.mark.parametrize(
    ("name", "dataset", "text", "pair"),
    [
        (
            "sst2",
            on_the_hub(["negative", "positive"], sentence=["a fine film "], label=[1], idx=[7]),
            "a fine film",
            None,
        ),
        (
            "qnli",
            on_the_hub(["entailment", "not_entailment"], question=["who?"], sentence=["he did"], label=[1], idx=[0]),
            "who?",
            "he did",
        ),
        ("agnews", on_the_hub(["World", "Sports", "Business", "Sci/Tech"], text=["a\\b"], label=[1]), "a b", None),
        ("imdb", on_the_hub(["neg", "pos"], text=["good<br /><br />film"], label=[1]), "good  film", None),
        ("sms_spam", on_the_hub(["ham", "spam"], sms=["win now\n"], label=[1]), "win now", None),
        ("advglue-sst2", on_the_hub(["negative", "positive"], sentence=["fine"], label=[1], idx=[0]), "fine", None),
        (
            "advglue-qnli",
            on_the_hub(["entailment", "not_entailment"], question=["who?"], sentence=["he"], label=[1], idx=[0]),
            "who?",
            "he",
        ),
        (
            "advglue-qqp",
            on_the_hub(["not_duplicate", "duplicate"], question1=["one?"], question2=["two?"], label=[1], idx=[0]),
            "one?",
            "two?",
        ),
        (
            "advglue-mnli",
            on_the_hub(["entailment", "neutral", "contradiction"], premise=["p"], hypothesis=["h"], label=[1], idx=[0]),
            "p",
            "h",
        ),
        (
            "advglue-rte",
            on_the_hub(["entailment", "not_entailment"], sentence1=["p"], sentence2=["h"], label=[1], idx=[0]),
            "p",
            "h",
        ),
    ],
)
def test_mapping(name: str, dataset: Dataset, text: str, pair: str | None) -> None:
    corpus = corpora.describe(name)
    mapped = map_columns(corpus, dataset, "dev")
    assert mapped.column_names == ["text", *(["text_pair"] if pair else []), "label", "example_id"]
    expected = {"text": text, "label": 1, "example_id": 0} | ({"text_pair": pair} if pair else {})
    assert mapped[0] == expected
    assert tuple(mapped.features["label"].names) == corpus.labels


def test_dev_is_the_hubs_validation_and_revisions_are_pinned() -> None:
    assert place_on_hub(corpora.describe("sst2"), "dev").splits["dev"] == "validation"
    for name in ("sst2", "qnli", "agnews", "imdb", "sms_spam"):
        hub = corpora.describe(name).hub
        assert hub is not None
        assert len(hub.revision) == 40


@pytest.mark.parametrize(
    ("name", "split", "message"),
    [
        ("sst2", "test", "sst2 has no usable test split: GLUE hides its labels \\(-1\\); choose from train, dev"),
        ("imdb", "dev", "imdb has no split 'dev' on the hub: splits there: train, test; take one from train with"),
        ("advglue-rte", "train", "advglue-rte has no split 'train' on the hub: splits there: dev$"),
    ],
)
def test_split_the_hub_lacks(name: str, split: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        corpora.load(name, split=split, source="hub")


def test_other_schema_is_refused() -> None:
    corpus = corpora.describe("sst2")
    with pytest.raises(ValueError, match="nyu-mll/glue: expected a column 'sentence' for sst2, got text, label"):
        map_columns(corpus, on_the_hub(["negative", "positive"], text=["x"], label=[0]), "dev")
    with pytest.raises(ValueError, match="nyu-mll/glue: expected 2 labels for sst2, got \\['a', 'b', 'c'\\]"):
        map_columns(corpus, on_the_hub(["a", "b", "c"], sentence=["x"], label=[0]), "dev")
    with pytest.raises(ValueError, match="sst2, split dev, row 1: label .* hidden label"):
        map_columns(corpus, on_the_hub(["negative", "positive"], sentence=["x", "y"], label=[0, -1]), "dev")
