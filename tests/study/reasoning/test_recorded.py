"""The start that the book keeps: it answers, and it was made by the study's own course."""

import logging
import time

import pytest
import torch

from robustlab import methods, text
from robustlab.corpora import reasoning
from robustlab.corpora.documents import Document
from robustlab.models.reasoner import Reasoner
from robustlab.study.reasoning.protocol import PROFILES
from robustlab.study.reasoning.recorded import START, record, recorded_start
from robustlab.study.reasoning.starts import LONGEST, VOCABULARY
from robustlab.training.lessons import course
from robustlab.training.reasoning import exact_match, teach

WORST_OF = 6


def worst_case(reasoner: Reasoner, documents: list[Document]) -> float:
    """Share of documents answered right as they are and under six ambiguities at the sentences the answer needs."""
    right = 0
    for document in documents:
        asked = [document, *text.variants(document, kinds=("ambiguity",), draws=WORST_OF, where="gold")]
        right += all(found == one.answer for found, one in zip(reasoner.answer(asked), asked, strict=True))
    return right / len(documents)


@pytest.mark.skipif(not START.is_dir(), reason="the book's sources are not here")
def test_the_recorded_start_answers_long_documents() -> None:
    reasoner = recorded_start()
    assert next(reasoner.model.parameters()).dtype == torch.float32
    documents = reasoning.load("test", 64, sentences=48)
    assert exact_match(reasoner, documents) >= 0.9
    assert worst_case(reasoner, documents[:16]) <= exact_match(reasoner, documents[:16]) - 0.2


def test_weights_are_kept_in_half_precision(tmp_path) -> None:
    fresh = Reasoner.small(reasoning.generate(20, sentences=6), chain=True, d_model=16, heads=2, d_ff=32)
    fresh.save(tmp_path / "cached")
    record(tmp_path / "cached", tmp_path / "kept")
    found = recorded_start(tmp_path / "kept")
    for one, other in zip(fresh.model.parameters(), found.model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
    with pytest.raises(FileNotFoundError, match="holds no recorded start"):
        recorded_start(tmp_path / "none")


@pytest.mark.slow
def test_a_small_model_learns_long_documents_in_five_minutes_of_one_core() -> None:
    """Exact match of 95 % at 48 sentences, and room to be robust: ambiguity at the gold sentences costs 20 points."""
    torch.set_num_threads(1)
    words = reasoning.generate(VOCABULARY, sentences=48)
    reasoner = Reasoner.small(words, chain=True, max_answer=LONGEST)
    lessons = course(48, PROFILES["laptop"].start_steps)
    began = time.process_time()
    teach(
        reasoner,
        methods.supporting_facts(),
        lambda first, n, sentences: reasoning.generate(n, sentences=sentences, first=first),
        lessons,
    )
    spent = time.process_time() - began
    documents = reasoning.load("test", sentences=48)
    found = exact_match(reasoner, documents)
    lost = found - worst_case(reasoner, documents[:100])
    told = f"exact match {found:.3f} after {spent:.0f} CPU seconds; worst of {WORST_OF} ambiguities costs {lost:.3f}"
    assert (found >= 0.95, spent <= 300, lost >= 0.2) == (True, True, True), told
    logging.getLogger(__name__).warning(told)
