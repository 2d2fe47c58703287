import pytest
import torch
import torch.nn.functional as F

from robustlab import models
from robustlab.ascent import GradientAscent, freelb, l2_ball
from robustlab.evaluation import metrics, white_box
from robustlab.landscape import TransformerLandscape
from robustlab.training import NonFiniteLossError


def ascent(radius: float, steps: int = 5, **options) -> GradientAscent:
    return GradientAscent(steps=steps, step_size=0.5 * radius, project=l2_ball(radius), **options)


@pytest.fixture(scope="module")
def batches(honest, sentences):
    return white_box.batches(sentences, honest.tokenizer, batch_size=24)


@pytest.fixture(scope="module")
def norm(honest, batches) -> float:
    return white_box.embedding_norm(honest.model, batches)


def test_batches_are_of_like_length_and_know_their_rows(batches, sentences):
    assert sorted(torch.cat([batch["row"] for batch in batches]).tolist()) == list(range(len(sentences)))
    widths = [batch["input_ids"].shape[1] for batch in batches]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_results_are_in_the_order_of_the_dataset(honest, sentences):
    # Every third label is wrong, so that no two orders give the same results.
    labels = [label if row % 3 else 1 - label for row, label in enumerate(sentences["label"])]
    rows = sentences.remove_columns("label").add_column("label", labels)
    predict = models.predictor(*honest)
    found = white_box.clean(honest.model, white_box.batches(rows, honest.tokenizer, batch_size=24))
    assert found.correct.equal(metrics.accuracy(predict, rows).correct)
    expected = F.cross_entropy(predict(metrics.texts(rows)), torch.tensor(labels), reduction="none")
    torch.testing.assert_close(found.loss, expected, rtol=1e-3, atol=1e-4)


def test_attack_does_not_depend_on_the_batch(honest, sentences, batches, norm):
    attack = ascent(0.5 * norm, start=freelb(0.5 * norm))
    other = white_box.batches(sentences, honest.tokenizer, batch_size=7)
    losses = [white_box.pgd(honest.model, made, attack).loss for made in (batches, other)]
    torch.testing.assert_close(*losses, rtol=1e-3, atol=1e-4)


def test_larger_radius_lower_accuracy(honest, batches, norm):
    found = [white_box.pgd_accuracy(honest.model, batches, ascent(size * norm)).accuracy for size in (0.01, 1, 4)]
    assert found[0] > 0.9
    assert found == sorted(found, reverse=True)
    assert found[-1] < found[0] - 0.3


def test_attack_counts_an_example_that_is_wrong_already(honest, batches):
    wrong = ~white_box.clean(honest.model, batches).correct
    attacked = white_box.pgd(honest.model, batches, ascent(1e-6))
    assert not attacked.correct[wrong].any()


def test_restarts_only_lower_the_accuracy(honest, batches, norm):
    attack = ascent(0.3 * norm, steps=1, start=freelb(0.3 * norm))
    one = white_box.pgd(honest.model, batches, attack)
    three = white_box.pgd(honest.model, batches, attack, restarts=3)
    assert not (three.correct & ~one.correct).any()
    assert (three.loss >= one.loss).all()
    assert (three.loss > one.loss).any()


def test_restarts_need_a_random_start(honest, batches):
    with pytest.raises(ValueError, match="restarts must be 1 where the start is zero: every climb would be the same"):
        white_box.pgd(honest.model, batches, ascent(0.1), restarts=2)


def test_restarts_are_counted_from_one(honest, batches):
    with pytest.raises(ValueError, match="restarts must be at least 1, got 0"):
        white_box.pgd(honest.model, batches, ascent(0.1), restarts=0)


def test_dropout_is_off_and_the_mode_stays(honest, batches, norm):
    quiet = white_box.pgd(honest.model, batches, ascent(norm)).loss
    honest.model.train()
    try:
        torch.testing.assert_close(white_box.pgd(honest.model, batches, ascent(norm)).loss, quiet)
        assert honest.model.training
    finally:
        honest.model.eval()


def test_noise_has_the_radius_and_no_more(honest, batches, monkeypatch):
    norms = []
    read = TransformerLandscape.read

    def watch(self, offset=None):
        if offset is not None:
            norms.append((offset * self.mask).flatten(1).norm(dim=1))
        return read(self, offset)

    monkeypatch.setattr(TransformerLandscape, "read", watch)
    white_box.noise(honest.model, batches, radius=0.7, draws=2)
    assert len(norms) == 2 * len(batches)
    torch.testing.assert_close(torch.cat(norms), torch.full_like(torch.cat(norms), 0.7))


def test_noise_is_weaker_than_the_attack(honest, batches, norm):
    noise = white_box.noise_accuracy(honest.model, batches, radius=3 * norm, draws=3)
    attack = white_box.pgd_accuracy(honest.model, batches, ascent(3 * norm))
    assert attack.accuracy < noise.accuracy - 0.2


@pytest.mark.parametrize(("options", "message"), [({"radius": 0.0}, "radius must be positive, got 0.0")])
def test_noise_radius(honest, batches, options, message):
    with pytest.raises(ValueError, match=message):
        white_box.noise(honest.model, batches, **options)


def test_noise_draws(honest, batches):
    with pytest.raises(ValueError, match="draws must be at least 1, got 0"):
        white_box.noise(honest.model, batches, radius=1.0, draws=0)


def test_transfer_climbs_the_surrogate_and_reads_the_model(honest, sentences, batches, norm):
    untrained = models.load("tiny", labels=2, texts=sentences["text"], seed=1).model
    own = white_box.pgd(honest.model, batches, ascent(norm))
    moved = white_box.pgd(honest.model, batches, ascent(norm), surrogate=untrained)
    assert moved.loss.mean() < own.loss.mean()
    same = white_box.pgd(honest.model, batches, ascent(norm), surrogate=honest.model)
    assert same.loss.equal(own.loss)


def test_transfer_needs_the_same_width(honest, batches):
    other = models.tiny_architecture("bert")
    small = [{name: value.clamp_max(50) for name, value in batch.items()} for batch in batches]
    with pytest.raises(ValueError, match="does not fit the model's .* same tokenizer and width"):
        white_box.pgd(honest.model, small, ascent(0.1), surrogate=other)


def test_a_loss_that_is_not_finite_is_named(sentences):
    loaded = models.load("tiny", labels=2, texts=sentences["text"])
    loaded.model.classifier.bias.data.fill_(float("nan"))
    with pytest.raises(NonFiniteLossError, match="the loss under attack is nan"):
        white_box.clean(loaded.model, white_box.batches(sentences.select(range(4)), loaded.tokenizer))


def test_embedding_norm_leaves_the_padding_out(honest, sentences, batches, norm):
    ids = [row for text in sentences["text"] for row in honest.tokenizer(text)["input_ids"]]
    words = honest.model.get_input_embeddings().weight[torch.tensor(ids)]
    assert norm == pytest.approx(words.norm(dim=1).mean().item(), rel=1e-5)


def test_no_rows(honest, sentences):
    with pytest.raises(ValueError, match="expected at least one row and one a batch, got 0 rows"):
        white_box.batches(sentences.select([]), honest.tokenizer)
