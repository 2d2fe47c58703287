"""An encoder learns from unlabelled text, tells where its sentences lie, and goes on where it was cut off."""

import pytest
import torch
from transformers import TrainerCallback

from robustlab import methods, models
from robustlab.contrastive.engines import MemoryBank, MomentumQueue, Prototypes
from robustlab.methods.pretraining import multi_scale
from robustlab.models.encoders import Encoder, load_encoder
from robustlab.training.held_out import HeldOut, geometry
from robustlab.training.pretraining import pretrain
from robustlab.training.recipe import Recipe
from robustlab.training.sentence_batches import sentence_rows

NOUNS = ("film", "plot", "cast", "score", "scene", "ending")
VERBS = ("was", "seemed", "felt", "looked")
WORDS = ("good", "bad", "slow", "bright", "dull", "warm")
TEXTS = [
    [f"the {NOUNS[(i + j) % 6]} {VERBS[(i * j) % 4]} {WORDS[(i + 2 * j) % 6]}" for j in range(3)] for i in range(24)
]
RECIPE = Recipe(epochs=2, batch_size=6, learning_rate=1e-3, max_length=16, log_every=1)
PAIRS = [(f"the {noun} was {word}", f"{noun} seemed {word}") for noun in NOUNS[:3] for word in WORDS[:3]]


def encoder() -> Encoder:
    return load_encoder("tiny", texts=[sentence for text in TEXTS for sentence in [*text, "not"]], seed=0)


def rows(found: Encoder, **others):
    given = others or {"negative": lambda text, number: text.replace("was", "was not") if "was" in text else None}
    return sentence_rows(TEXTS, found.tokenizer, sentences=3, max_length=16, others=given)


def run(method=None, *, output=None, resume=False, callbacks=(), recipe=RECIPE, **given):
    found = encoder()
    return pretrain(
        found, method or multi_scale(), rows(found), recipe, output=output, resume=resume, callbacks=callbacks,
        device="cpu", **given,
    )  # fmt: skip


def test_the_losses_of_all_scales_fall_and_the_geometry_is_logged():
    done = run(
        held_out=HeldOut(pairs=PAIRS, every=2), recipe=Recipe(epochs=6, batch_size=6, learning_rate=3e-3, log_every=1)
    )
    logs = [log for log in done.history if "loss" in log]
    for name in ("words", "replaced", "sentences", "documents"):
        values = [log[f"{name}_loss"] for log in logs]
        assert values[-1] < values[0], name
    looked = [log["step"] for log in logs if "alignment" in log]
    assert looked == list(range(2, len(logs) + 1, 2))
    assert done.after == pytest.approx(geometry(done.encoder, PAIRS))
    assert done.before == pytest.approx(geometry(encoder(), PAIRS))
    assert done.after.uniformity < done.before.uniformity


class CutOff(TrainerCallback):
    def on_epoch_end(self, args, state, control, **kwargs):
        control.should_training_stop = True


@pytest.mark.parametrize(
    "engine",
    [
        lambda: None,
        lambda: MomentumQueue(64, 32, 0.05),
        lambda: MemoryBank(72, 64, 0.05),
        lambda: Prototypes((3,), 72, 64, 0.05),
    ],
    ids=["batch", "queue", "bank", "prototypes"],
)
def test_a_run_that_was_cut_off_goes_on_to_the_same_bits(engine, tmp_path):
    whole = run(multi_scale(engine=engine())).encoder.model.state_dict()
    run(multi_scale(engine=engine()), output=tmp_path, callbacks=[CutOff()])
    resumed = run(multi_scale(engine=engine()), output=tmp_path, resume=True).encoder.model.state_dict()
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_masked_words_alone_are_the_control():
    found = encoder()
    method = multi_scale(words=1, tokens=0, replaced=0, sentences=0, documents=0)
    done = pretrain(found, method, sentence_rows(TEXTS, found.tokenizer), RECIPE, device="cpu")
    losses = {name for log in done.history for name in log if name.endswith("_loss")} - {"train_loss"}
    assert losses == {"words_loss"}


def test_a_classifier_stands_on_what_was_learned(tmp_path):
    done = run()
    done.encoder.model.save_pretrained(tmp_path)
    done.encoder.tokenizer.save_pretrained(tmp_path)
    classifier = models.load(str(tmp_path), labels=2, seed=0)
    theirs = classifier.model.base_model.state_dict()
    for name, value in done.encoder.model.state_dict().items():
        assert torch.equal(theirs[name], value), name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: run(methods.standard()), "pre-training needs methods.multi_scale, got an objective"),
        (lambda: run(multi_scale(view="text")), "the method reads view texts, and the rows have none"),
        (
            lambda: pretrain(
                encoder(), multi_scale(), sentence_rows([["one"], ["two"]], encoder().tokenizer), device="cpu"
            ),
            "no document has two sentences, so there are no halves to compare",
        ),
        (lambda: HeldOut(pairs=PAIRS[:1]), "expected at least 2 held out, got 1"),
        (lambda: HeldOut(pairs=PAIRS, every=0), "every must be positive, got 0"),
        (lambda: load_encoder("tiny"), "model 'tiny' is made from scratch: pass `texts`"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_nothing_to_resume(tmp_path):
    with pytest.raises(ValueError, match="nothing to resume"):
        run(output=tmp_path, resume=True)
