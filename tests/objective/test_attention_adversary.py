"""What the adversary of ASA is for: its masks hurt more than as many masks at random."""

import pytest
import torch
import torch.nn.functional as F

from robustlab import methods
from robustlab.ascent.divergences import symmetric_kl
from robustlab.landscape import TransformerLandscape, biased
from robustlab.models import tiny_architecture
from robustlab.objective.attention_masks import maskable

MARK, WORDS, LENGTH = 9, 60, 10
SHARE = 0.2  # of each layer's attention, in each example


def sentences(seed, size=32):
    """Which of two words stands somewhere among others? [CLS] can tell by looking there, and not otherwise."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(20, WORDS, (size, LENGTH), generator=generator)
    ids[:, 0] = 1
    labels = torch.randint(0, 2, (size,), generator=generator)
    place = torch.randint(1, LENGTH, (size,), generator=generator)
    ids[torch.arange(size), place] = torch.where(labels.bool(), MARK, MARK + 1)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}


@pytest.fixture(scope="module")
def model():
    model = tiny_architecture("bert").train()
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(60):
        batch = sentences(step)
        optimiser.zero_grad()
        F.cross_entropy(model(batch["input_ids"]).logits, batch["labels"]).backward()
        optimiser.step()
    return model.requires_grad_(False)


@pytest.fixture(scope="module")
def adversary(model):
    """The heads alone, trained against the model as it is."""
    method = methods.asa()
    method.prepare([TransformerLandscape(model, sentences(999))], learning_rate=1e-3)
    optimiser = torch.optim.Adam(method.parameter_groups(), lr=1e-2)
    for step in range(45):
        optimiser.zero_grad()
        landscape = TransformerLandscape(model, sentences(1000 + step))
        for term in method.terms(landscape, generator=torch.Generator().manual_seed(step)):
            term.backward()
        optimiser.step()
    return method.objective


def damage(model, attentions, scores_of):
    """Loss and divergence with the best-scored units masked for good, the same number in every layer and example."""
    landscape = TransformerLandscape(model, sentences(5000, 256))
    counts = []

    def bias(place, states, allowed):
        free = maskable(allowed, None)
        scores = scores_of(place, states).masked_fill(~free, -torch.inf).flatten(1)
        count = round(SHARE * int(free[0].sum()))
        hit = torch.zeros_like(scores).scatter(1, scores.topk(count, dim=1).indices, 1.0)
        counts.append(hit.sum(1))
        return -1e4 * hit.view(free.shape)[:, None]

    with torch.no_grad():
        clean = landscape.clean()
        with biased(model, attentions, bias):
            masked = landscape.read()
    apart = 0.5 * symmetric_kl(clean.logits, masked.logits).mean()
    return float(masked.loss.mean()), float(apart), torch.stack(counts), float(clean.loss.mean())


def at_random(seed):
    generator = torch.Generator().manual_seed(seed)
    return lambda place, states: torch.rand(len(states), LENGTH, LENGTH, generator=generator)


def test_learned_masks_hurt_more_than_as_many_at_random(model, adversary):
    heads = adversary.masks.heads
    loss, apart, counts, clean = damage(model, adversary.attentions, lambda place, states: heads[place](states))
    assert clean < 0.1
    assert counts.unique().tolist() == [round(SHARE * LENGTH * (LENGTH - 1))]
    for seed in range(5):
        chance_loss, chance_apart, chance_counts, _ = damage(model, adversary.attentions, at_random(seed))
        assert torch.equal(chance_counts, counts)
        assert loss > 2 * chance_loss
        assert apart > 2 * chance_apart


def test_it_is_the_training_that_makes_them(model, adversary):
    """The same heads as they were drawn."""
    fresh = methods.asa()
    fresh.prepare([TransformerLandscape(model, sentences(999))], learning_rate=1e-3)
    heads = fresh.objective.masks.heads
    loss, _, _, _ = damage(model, adversary.attentions, lambda place, states: heads[place](states))
    trained = adversary.masks.heads
    assert damage(model, adversary.attentions, lambda place, states: trained[place](states))[0] > 5 * loss


def test_the_masked_share_is_what_the_budget_buys(model, adversary):
    """Dear masks are few: heads that pay more mask less."""
    shares = []
    for budget in (0.1, 3.0):
        method = methods.asa(budget=budget)
        landscape = TransformerLandscape(model, sentences(999))
        method.prepare([landscape], learning_rate=1e-3)
        optimiser = torch.optim.Adam(method.parameter_groups(), lr=1e-2)
        for step in range(25):
            optimiser.zero_grad()
            for term in method.terms(landscape, generator=torch.Generator().manual_seed(step)):
                term.backward()
            optimiser.step()
        with torch.no_grad():
            _, share = method.objective.read_masked(landscape, generator=torch.Generator().manual_seed(77))
        shares.append(float(share.mean()))
    assert shares[0] > 2 * shares[1], shares
