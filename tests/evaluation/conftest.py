"""A small honest classifier: it learns eight sentences' worth of sentiment in about a second."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from datasets import ClassLabel, Dataset, Features, Value

from robustlab import models
from robustlab.evaluation import white_box
from robustlab.models import Loaded

SUBJECTS = ("the show that we saw", "the film", "this play", "her book")  # the longest first: not the order of batches
VERBS = ("was", "is", "seemed", "felt")
WORDS = (("bad", "awful", "dull", "poor"), ("good", "great", "fine", "superb"))


@pytest.fixture(scope="session")
def sentences() -> Dataset:
    rows = [
        (f"{subject} {verb} {word}", label)
        for (subject, verb), label in itertools.product(itertools.product(SUBJECTS, VERBS), (0, 1))
        for word in WORDS[label]
    ]
    features = Features(
        {"text": Value("string"), "label": ClassLabel(names=["negative", "positive"]), "example_id": Value("int64")}
    )
    columns = {"text": [t for t, _ in rows], "label": [y for _, y in rows], "example_id": range(len(rows))}
    return Dataset.from_dict({name: list(column) for name, column in columns.items()}, features=features)


@pytest.fixture(scope="session")
def honest(sentences: Dataset) -> Loaded:
    loaded = models.load("tiny", labels=["negative", "positive"], texts=sentences["text"])
    batches = white_box.batches(sentences, loaded.tokenizer, batch_size=32)
    optimiser = torch.optim.AdamW(loaded.model.parameters(), lr=3e-3)
    for _ in range(5):
        for batch in batches:
            logits = white_box.landscape(loaded.model, batch).logits()
            # Smoothed, or else so easy a task ends with losses of 1e-8, at which nothing can be told apart.
            F.cross_entropy(logits, batch["labels"], label_smoothing=0.2).backward()
            optimiser.step()
            optimiser.zero_grad()
    return loaded
