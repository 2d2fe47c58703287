"""The study of drops: encoders that are made once and alike, cells that become rows, and rows that are kept."""

import inspect
import json
from dataclasses import asdict, replace

import pytest
import torch
from transformers import TrainerCallback

from robustlab import corpora, models
from robustlab.methods.pretraining import multi_scale
from robustlab.study import measuring, rows
from robustlab.study.attacking import attacked
from robustlab.study.catalogue import STUDIES
from robustlab.study.fine_tuning import fine_tuned, reaching
from robustlab.study.glue import encoders
from robustlab.study.glue import run as study
from robustlab.study.glue.cells import ALL, MATCHED, NONE, PRETRAININGS, STANDARD, TEXT, WORDS, Cell, cells
from robustlab.study.glue.protocol import PROFILES, profile
from robustlab.training import Recipe

TINY = replace(
    PROFILES["smoke"],
    name="small",
    texts=(("reviews", 24),),
    held_out=4,
    pretraining=Recipe(epochs=1, batch_size=4, learning_rate=1e-3, max_length=24),
    sizes=replace(PROFILES["smoke"].sizes, train=24, warm=1, batch_size=8, dev=12, examples=4),
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("encoders")


def made(cache, pretraining, *, protocol=TINY, seed=0):
    return encoders.start(protocol, pretraining, seed, cache, device="cpu")


def weights(start):
    return models.load(str(start.folder), labels=2, seed=0).model.state_dict()


def test_the_grid_has_each_control_once():
    grid = cells([0, 1], ["sst2", "qnli"], ["sst2"])
    assert len(set(grid)) == len(grid) == 2 * (len(PRETRAININGS) + 5 + 4)
    other = {(cell.pretraining, cell.finetuning) for cell in grid if cell.task == "qnli"}
    assert other == {(name, STANDARD) for name in (NONE, MATCHED, ALL, TEXT)}
    encoder = [(cell.seed, cell.pretraining) for cell in grid]
    assert encoder == sorted(encoder, key=encoder.index), "cells of one encoder stand together"
    with pytest.raises(ValueError, match="at least one seed and one task, got 0 and 1"):
        cells([], ["sst2"], [])


def test_leaving_a_scale_out_leaves_nothing_else_out():
    whole = asdict(PRETRAININGS[ALL].scales)
    assert whole == {name: inspect.signature(multi_scale).parameters[name].default for name in whole}
    left = {"without-tokens": {"tokens", "replaced"}, "without-sentences": {"sentences"}}
    for name, scales in (left | {"without-documents": {"documents"}}).items():
        assert asdict(PRETRAININGS[name].scales) == {scale: whole[scale] * (scale not in scales) for scale in whole}


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_name_tasks_that_there_are(name):
    for task in profile(name).tasks:
        measuring.check_task(task)


def test_an_unknown_profile_names_the_nearest():
    with pytest.raises(ValueError, match="unknown profile 'labtop': did you mean 'laptop'"):
        profile("labtop")


def test_controls_read_as_much_or_take_as_long(cache):
    plans = {name: made(cache, name).told["plan"] for name in (WORDS, MATCHED, ALL, TEXT)}
    for name in ("sentences_seen", "tokens_seen", "optimiser_steps"):
        assert plans[WORDS][name] == plans[ALL][name] == plans[TEXT][name]
    assert plans[MATCHED]["units"] == plans[ALL]["units"] == 5 * plans[WORDS]["units"]
    assert plans[MATCHED]["tokens_seen"] == 5 * plans[WORDS]["tokens_seen"]
    assert plans[ALL]["hard_negatives"] > 0.5
    assert plans[WORDS]["hard_negatives"] is plans[ALL]["other_views"] is None
    assert plans[TEXT]["units"] == plans[ALL]["units"]
    assert plans[TEXT]["other_views"] > 0.5
    with pytest.raises(ValueError, match="expected a pre-training, one of words, words-matched"):
        encoders.method(NONE)


def test_encoders_are_made_once(cache, monkeypatch):
    first = made(cache, WORDS)
    monkeypatch.setattr(encoders, "pretrain", None)
    assert made(cache, WORDS) == first
    other = replace(TINY, pretraining=replace(TINY.pretraining, learning_rate=2e-3))
    with pytest.raises(TypeError):  # other settings are another encoder
        made(cache, WORDS, protocol=other)


def test_heads_begin_alike_and_encoders_do_not(cache):
    none, words, all_of_it = (weights(made(cache, name)) for name in (NONE, WORDS, ALL))
    assert torch.equal(none["classifier.weight"], words["classifier.weight"])
    assert torch.equal(none["classifier.weight"], all_of_it["classifier.weight"])
    inner = "bert.encoder.layer.0.output.dense.weight"
    assert not torch.equal(none[inner], words[inner])
    assert not torch.equal(words[inner], all_of_it[inner])


def test_a_pre_training_that_was_cut_off_goes_on(tmp_path, monkeypatch):
    long = replace(TINY, pretraining=replace(TINY.pretraining, epochs=2))
    whole = weights(made(tmp_path / "whole", ALL, protocol=long))
    real, resumed = encoders.pretrain, []

    class Cut(TrainerCallback):
        def on_step_end(self, args, state, control, **given):
            if state.epoch > 1:
                raise KeyboardInterrupt

    def cut(*given, resume, **named):
        resumed.append(resume)
        return real(*given, resume=resume, callbacks=[] if resume else [Cut()], **named)

    monkeypatch.setattr(encoders, "pretrain", cut)
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path / "cut", ALL, protocol=long)
    again = weights(made(tmp_path / "cut", ALL, protocol=long))
    assert resumed == [False, True]
    assert all(torch.equal(value, whole[name]) for name, value in again.items())
    assert not list((tmp_path / "cut").glob("*/checkpoints"))


def test_a_cell_becomes_a_row(cache):
    row = study.run(Cell(seed=0, task="reviews", pretraining=ALL, finetuning="pgd"), TINY, cache, device="cpu")
    json.dumps(row, allow_nan=False)
    clean, robust = (rows.decode(row[f"{name}_mask"], row["examples"]) for name in ("clean", "robust"))
    assert len(clean) == TINY.sizes.examples
    assert not (robust & ~clean).any()
    assert row["dev"]["n"] == TINY.sizes.dev
    assert row["advglue"] == {}
    assert row["units"] > 3
    assert row["encoder"]["before"] != row["encoder"]["after"]


def test_one_answer_to_everything_is_noticed():
    assert measuring.constant([True, False, False, True], [1, 0, 2, 1])
    assert measuring.constant([False, False], [1, 1]) is False, "wrong on the only class: it said something else"
    assert not measuring.constant([True, False, True, True], [1, 0, 2, 1])
    assert not measuring.constant([True, True], [0, 1])


@pytest.mark.parametrize("name", PROFILES)
def test_the_catalogue_has_the_grid(name):
    protocol = profile(name)
    listed = STUDIES["glue-drop"].cells(name)
    assert all(one["profile"] == name for one in listed)
    there = [Cell(**{field: value for field, value in one.items() if field != "profile"}) for one in listed]
    assert len(set(there)) == len(there)
    assert set(there) == set(cells(protocol.seeds, protocol.tasks, protocol.whole))


def test_a_cell_of_the_catalogue_is_measured(cache, monkeypatch):
    monkeypatch.setitem(study.profile.__globals__, "PROFILES", {"small": TINY})
    monkeypatch.setattr(study, "CACHE", cache / "kept")
    cell = {"study": "glue-drop", "profile": "small", "seed": 0, "task": "reviews"}
    row = study.measure(cell | {"pretraining": NONE, "finetuning": STANDARD})
    assert (row["task"], row["name"], row["dev"]["n"]) == ("reviews", "none, standard", TINY.sizes.dev)
    (kept,) = (cache / "kept").iterdir()
    assert any(kept.glob("small-none-0-*/finished.json")), "encoders are kept by the code that makes them"
    with pytest.raises(ValueError, match="the attack 'exact' reads every certified variant"):
        study.measure(cell | {"task": "sst2", "pretraining": NONE, "finetuning": STANDARD})


def test_what_is_measured_is_the_same_for_every_model(cache):
    sizes = replace(TINY.sizes, train=16)
    told = []
    for model in (NONE, ALL):
        loaded, _ = fine_tuned(
            str(made(cache, model).folder), "reviews", reaching(STANDARD, 0.3), 0, sizes, device="cpu"
        )
        told.append(measuring.measured(loaded, "reviews", sizes))
    assert told[0]["example_ids"] == told[1]["example_ids"]


def test_only_the_first_text_of_a_pair_is_attacked(monkeypatch):
    from datasets import Dataset

    made_of = [("a good film", "it was nice"), ("a bad film", "it was dull"), ("the film is fine", "so it is")]
    pairs = Dataset.from_dict(
        {"text": [a for a, _ in made_of], "text_pair": [b for _, b in made_of], "label": [0, 1, 0],
         "example_id": [7, 8, 9]}
    )  # fmt: skip
    loaded = models.load("tiny", labels=2, texts=[text for pair in made_of for text in pair])
    seen = []
    from robustlab.study import attacking

    monkeypatch.setattr(attacking, "in_order", lambda found: seen.extend(found) or sorted(found, key=lambda r: r.label))
    row = attacked(loaded, "deepwordbug+lexicon", pairs, examples=2)
    assert len(seen) == row["examples"] == 2
    assert set(row["example_ids"]) < {7, 8, 9}
    assert all(one.attacked_pair == one.text_pair for one in seen)


def test_what_cannot_be_attacked_learned_or_found():
    rows = corpora.load("reviews", split="dev").select(range(4)).remove_columns("slots")
    loaded = models.load("tiny", labels=2, texts=rows["text"])
    with pytest.raises(ValueError, match="'exact' reads every certified variant of a text"):
        attacked(loaded, "exact", rows)
    with pytest.raises(ValueError, match="unknown task 'sst': did you mean 'sst2'"):
        measuring.check_task("sst")
    with pytest.raises(ValueError, match="unknown method 'pdg': did you mean 'pgd'"):
        measuring.check_method("pdg")
    with pytest.raises(ValueError, match="method augmented learns from attacked texts, which the tasks do not have"):
        measuring.check_method("augmented")
    with pytest.raises(ValueError, match="at least one batch of 64 rows of text, got"):
        encoders._rows(
            replace(TINY, pretraining=replace(TINY.pretraining, batch_size=64)), WORDS,
            encoders._texts(TINY, None), models.encoders.load_encoder("tiny", texts=rows["text"]), 0,
        )  # fmt: skip
