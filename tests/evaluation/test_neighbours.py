"""Neighbours in embedding space: which words are offered, against a loop over the vocabulary."""

import pytest
import torch.nn.functional as F

from robustlab import corpora, models
from robustlab.evaluation.attacked import attack_rows
from robustlab.evaluation.neighbours import WORD, nearest_words


@pytest.fixture(scope="module")
def loaded() -> models.Loaded:
    train = corpora.load("reviews", split="train")
    return models.load("tiny", labels=2, texts=train["text"][:200], seed=0)


def test_the_nearest_words_are_offered(loaded: models.Loaded) -> None:
    text = "the film was Great , 42 zzzzqq"
    found = nearest_words(*loaded, count=3, least=-1)(text)
    vocabulary = {word: i for word, i in loaded.tokenizer.get_vocab().items() if WORD.fullmatch(word)}
    table = loaded.model.get_input_embeddings().weight.detach()
    assert set(found) == {at for at, word in enumerate(text.lower().split(" ")) if word in vocabulary}
    for at, offered in found.items():
        own = text.lower().split(" ")[at]
        cosines = {
            word: float(F.cosine_similarity(table[i], table[vocabulary[own]], dim=0))
            for word, i in vocabulary.items()
            if word != own
        }
        assert offered == sorted(cosines, key=lambda word: -cosines[word])[:3]


def test_far_words_are_not_offered(loaded: models.Loaded) -> None:
    assert all(not offered for offered in nearest_words(*loaded, least=1)("the film was great").values())
    assert nearest_words(*loaded)("42 !") == {}


def test_rows_without_substitutions_are_attacked_with_them(loaded: models.Loaded) -> None:
    rows = corpora.load("reviews", split="train").select(range(8)).remove_columns("slots")
    candidates = nearest_words(*loaded, count=4, least=-1)
    attacked = attack_rows(rows, models.predictor(*loaded), share=1.0, candidates=candidates)
    changed = [a != b for a, b in zip(attacked["text"], attacked["attacked_text"], strict=True)]
    assert any(changed)


def test_what_is_refused(loaded: models.Loaded) -> None:
    with pytest.raises(ValueError, match="count must be positive, got 0"):
        nearest_words(*loaded, count=0)
    with pytest.raises(ValueError, match="least must be a cosine, from -1 to 1, got 2"):
        nearest_words(*loaded, least=2)
    with pytest.raises(ValueError, match="holds no whole words"):
        nearest_words(loaded.model, Empty())


class Empty:
    def get_vocab(self) -> dict:
        return {"[PAD]": 0}
