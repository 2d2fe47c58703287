"""Looks at held-out sentences: an encoder that has collapsed is looked at like any other."""

import math

import pytest
import torch

from robustlab.training import held_out


def test_an_encoder_that_has_collapsed_has_no_relative_alignment(monkeypatch):
    monkeypatch.setattr(held_out, "represent", lambda encoder, texts, max_length: torch.ones(len(texts), 4))
    found = held_out.geometry(None, [("a", "b"), ("c", "d"), ("e", "f")])
    assert math.isnan(found.relative_alignment)
    assert (found.alignment, found.uniformity) == (pytest.approx(0, abs=1e-6), pytest.approx(0, abs=1e-6))
    assert found.effective_rank == pytest.approx(1, abs=1e-3)


def test_other_encoders_have_one(monkeypatch):
    places = {"a": [1.0, 0.0], "b": [1.0, 0.0], "c": [0.0, 1.0], "d": [-1.0, 0.0]}
    monkeypatch.setattr(
        held_out, "represent", lambda encoder, texts, max_length: torch.tensor([places[text] for text in texts])
    )
    # Views are 0 and √2 away, and the two sentences √2.
    assert held_out.geometry(None, [("a", "b"), ("c", "d")]).relative_alignment == pytest.approx(0.5)
