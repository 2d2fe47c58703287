"""Spans of documents against sums over sentences, one by one."""

import pytest
import torch

from robustlab.contrastive.scales import halves

FEATURES, NEGATIVES = (
    torch.randn(10, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in (0, 1)
)
SIZES = (2, 1, 4, 3)
DOCUMENT = torch.tensor([7, 7, 3, 5, 5, 5, 5, 9, 9, 9])
THERE = torch.tensor([1, 0, 1, 0, 0, 1, 1, 1, 0, 1]).bool()


def naive():
    first, second, contradicted, there, begin = [], [], [], [], 0
    for size in SIZES:
        rows = list(range(begin, begin + size))
        begin += size
        if size < 2:
            continue
        early, late = rows[: size // 2], rows[size // 2 :]
        first.append(sum(FEATURES[r] for r in early) / len(early))
        second.append(sum(FEATURES[r] for r in late) / len(late))
        said = [FEATURES[r] for r in late]
        places = [place for place, r in enumerate(late) if THERE[r]]
        if places:
            said[places[0]] = NEGATIVES[late[places[0]]]
        contradicted.append(sum(said) / len(said))
        there.append(bool(places))
    return torch.stack(first), torch.stack(second), torch.stack(contradicted), there


def test_halves_are_means_of_their_sentences():
    first, second, contradicted, there = naive()
    found = halves(FEATURES, DOCUMENT, NEGATIVES, THERE)
    torch.testing.assert_close(found.first, first)
    torch.testing.assert_close(found.second, second)
    torch.testing.assert_close(found.contradicted, contradicted)
    assert found.there.tolist() == there == [False, True, True]


def test_without_negatives_nothing_is_contradicted():
    found = halves(FEATURES, DOCUMENT)
    assert found.contradicted is found.there is None
    torch.testing.assert_close(found.second, naive()[1])


def test_sentences_that_stand_alone_have_no_halves():
    found = halves(FEATURES, torch.arange(10), NEGATIVES, THERE)
    assert [len(one) for one in found] == [0, 0, 0, 0]


def test_gradients():
    leaves = [x.clone().requires_grad_() for x in (FEATURES, NEGATIVES)]
    assert torch.autograd.gradcheck(lambda f, n: halves(f, DOCUMENT, n, THERE)[:3], leaves)


@pytest.mark.parametrize("document", [DOCUMENT, torch.arange(10)])
def test_a_number_of_a_document_is_only_a_name(document: torch.Tensor):
    names = document * 3 + 100
    for one, other in zip(halves(FEATURES, document), halves(FEATURES, names), strict=True):
        assert (one is None and other is None) or torch.equal(one, other)
