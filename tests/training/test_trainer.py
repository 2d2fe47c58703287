"""The trainer: it learns, accumulates, leaves w to itself, logs, and stops without losing anything."""

from pathlib import Path

import pytest
import torch
import toy
from safetensors.torch import load_file
from torch import nn
from transformers import AutoModelForSequenceClassification

from robustlab import methods
from robustlab.ascent import starts
from robustlab.landscape import Site
from robustlab.models import tiny_architecture
from robustlab.objective import ProjectedWeights


def parameters_of(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in model.named_parameters()}


def test_it_learns_a_separable_task(tmp_path: Path) -> None:
    run = toy.trainer(
        tmp_path,
        model=tiny_architecture("bert"),
        method=methods.adaptive_pgd(steps=2, step_size=0.01),
        rows=toy.Rows(256),
        eval_rows=toy.Rows(64, seed=1),
        max_steps=100,
        per_device_train_batch_size=16,
        learning_rate=3e-3,
        logging_steps=40,
    )
    run.compute_metrics = lambda seen: {"accuracy": float((seen.predictions.argmax(-1) == seen.label_ids).mean())}
    run.train()
    assert run.evaluate()["eval_accuracy"] > 0.9


def test_accumulating_is_a_larger_batch(tmp_path: Path) -> None:
    """Rows of one length, so that the halves of a batch pad alike; dropout 0; float64."""
    ended = []
    for size, micro in ((16, 1), (8, 2)):
        run = toy.trainer(
            tmp_path,
            model=tiny_architecture("bert").double(),
            method=methods.adaptive_pgd(steps=2, step_size=0.1, start=starts.freelb(0.3)).double(),
            rows=toy.Rows(64, longest=6, shortest=6),
            per_device_train_batch_size=size,
            gradient_accumulation_steps=micro,
        )
        run.train()
        ended.append(parameters_of(run.model) | parameters_of(run.method))
    assert (ended[0]["objective.weights.scores"] != 0).any()
    for name, value in ended[0].items():
        torch.testing.assert_close(value, ended[1][name], rtol=1e-6, atol=1e-8)


def test_w_ascends_in_a_group_of_its_own(tmp_path: Path) -> None:
    method = methods.adaptive_pgd(steps=3, step_size=0.5)
    run = toy.trainer(
        tmp_path, method=method, max_steps=1, learning_rate=1e-9, weight_decay=0.5, lr_scheduler_type="constant"
    )
    with torch.no_grad():
        method.objective.weights.scores.copy_(torch.tensor([2.0, 0.0, -1.0]))
    before, gradients = method.objective.weights.scores.detach().clone(), []
    run.create_optimizer().register_step_pre_hook(
        lambda *_: gradients.append(method.objective.weights.scores.grad.clone())
    )
    run.train()
    (group,) = [g for g in run.optimizer.param_groups if any(p is method.objective.weights.scores for p in g["params"])]
    assert len(group["params"]) == 1
    assert (group["maximize"], group["weight_decay"], group["lr"]) == (True, 0.0, 0.01)
    assert not any(g["maximize"] for g in run.optimizer.param_groups if g is not group)
    # Adam's first step is lr·sign: up the gradient, by its own learning rate, and nothing else.
    moved = method.objective.weights.scores.detach() - before
    torch.testing.assert_close(moved, 0.01 * gradients[0].sign(), rtol=1e-3, atol=1e-5)


def test_clipping_leaves_w_alone(tmp_path: Path) -> None:
    seen = {}
    for norm in (1e-6, 1e6):
        method = methods.adaptive_pgd(steps=2, step_size=0.5)
        run = toy.trainer(tmp_path, method=method, max_steps=1, max_grad_norm=norm)
        run.create_optimizer().register_step_pre_hook(
            lambda *_, norm=norm, run=run: seen.update(
                {
                    norm: (
                        run.method.objective.weights.scores.grad.clone(),
                        max(float(p.grad.abs().max()) for p in run.model.parameters() if p.grad is not None),
                    )
                }
            )
        )
        run.train()
    assert torch.equal(seen[1e-6][0], seen[1e6][0])
    assert seen[1e-6][0].abs().max() > 0
    assert seen[1e-6][1] < 2e-6 < seen[1e6][1]


def test_the_gradient_of_w_is_forgotten_after_each_step(tmp_path: Path) -> None:
    run = toy.trainer(tmp_path, max_steps=2)
    run.train()
    assert all(parameter.grad is None for parameter in run.method.parameters())


def test_weights_that_move_themselves_are_moved(tmp_path: Path) -> None:
    method = methods.adaptive(methods.pgd(steps=3, step_size=0.5), weights=ProjectedWeights(3, learning_rate=1.0))
    run = toy.trainer(tmp_path, method=method, max_steps=3)
    run.train()
    w = method.objective.weights()
    assert (w - 1 / 3).abs().max() > 1e-3
    torch.testing.assert_close(w.sum(), torch.tensor(1.0))


def test_logs_hold_what_the_method_saw(tmp_path: Path) -> None:
    run = toy.trainer(tmp_path, max_steps=4, logging_steps=2)
    run.train()
    logs = [entry for entry in run.state.log_history if "loss" in entry]
    assert len(logs) == 2
    expected = {"clean_loss", "gain_1", "gain_2", "implied_clean_weight", "implied_weight_1", "implied_weight_2"}
    expected |= {"w_1", "w_2", "w_entropy", "offset_norm", "step_cosine", "loss", "learning_rate", "grad_norm"}
    for entry in logs:
        assert expected <= set(entry)
        assert entry["w_1"] + entry["w_2"] == pytest.approx(1)
        assert entry["implied_weight_1"] + entry["implied_weight_2"] == pytest.approx(2)
        assert entry["loss"] == pytest.approx(entry["clean_loss"] + entry["gain_1"] + entry["gain_2"], rel=0.2)


def test_the_logged_loss_is_the_mean_over_steps_and_micro_batches(tmp_path: Path) -> None:
    """At a learning rate of next to nothing the mean of the logged losses is the loss of the whole set."""
    rows = toy.Rows(32)
    run = toy.trainer(
        tmp_path,
        model=tiny_architecture("bert"),
        method=methods.standard(),
        rows=rows,
        max_steps=2,
        logging_steps=2,
        learning_rate=1e-12,
        gradient_accumulation_steps=2,
    )
    batch = toy.collate(rows.rows)
    batch.pop("example_id")
    expected = float(run.model(**batch).loss.detach())
    run.train()
    (entry,) = [entry for entry in run.state.log_history if "loss" in entry]
    assert entry["loss"] == pytest.approx(expected, rel=2e-3)
    assert entry["clean_loss"] == pytest.approx(expected, rel=2e-3)


def test_each_epoch_has_its_own_order_and_every_example_once(tmp_path: Path) -> None:
    run, seen = toy.trainer(tmp_path, method=methods.standard(), max_steps=16), []
    step = run.training_step

    def watched(model: nn.Module, inputs: dict, *_: object) -> torch.Tensor:
        seen.append(inputs["example_id"].tolist())
        return step(model, inputs)

    run.training_step = watched
    run.train()
    first, second = ([number for batch in half for number in batch] for half in (seen[:8], seen[8:]))
    assert sorted(first) == sorted(second) == list(range(64))
    assert first != second


def test_starts_are_keyed_by_the_example(tmp_path: Path) -> None:
    run = toy.trainer(tmp_path)
    batch = toy.collate(toy.Rows().rows[:3])
    generators = run._generator(batch).generators
    swapped = run._generator({"example_id": batch["example_id"].flip(0)}).generators
    assert [g.initial_seed() for g in generators] == [g.initial_seed() for g in swapped][::-1]
    run.state.global_step = 1
    assert run._generator(batch).generators[0].initial_seed() != generators[0].initial_seed()
    del batch["example_id"]
    assert isinstance(run._generator(batch), torch.Generator)


def test_the_dropout_of_each_micro_batch_is_its_own(tmp_path: Path) -> None:
    run = toy.trainer(tmp_path)
    batch = toy.collate(toy.Rows().rows[:3])
    seeds = []
    for run.state.global_step, run._micro_step in ((0, 0), (0, 1), (1, 0), (0, 0)):
        seeds.append(run._landscape(run.model, batch).seed)
    assert len(set(seeds)) == 3
    assert seeds[0] == seeds[3]


def test_a_site_can_be_chosen(tmp_path: Path) -> None:
    model = tiny_architecture("bert")
    run = toy.trainer(tmp_path, model=model, max_steps=1)
    run.site = Site(model.bert.encoder.layer[0])
    assert run._landscape(model, toy.collate(toy.Rows().rows[:2])).site.module is model.bert.encoder.layer[0]
    run.train()


def test_the_best_model_comes_back_with_its_weights(tmp_path: Path) -> None:
    run = toy.trainer(
        tmp_path, max_steps=3, save_strategy="steps", save_steps=1, eval_strategy="steps", eval_steps=1,
        eval_rows=toy.Rows(8, seed=2),
        load_best_model_at_end=True, metric_for_best_model="eval_loss", greater_is_better=True,
    )  # fmt: skip
    run.train()
    best = Path(run.state.best_model_checkpoint)
    state = load_file(best / "method.safetensors")
    assert torch.equal(run.method.objective.weights.scores, state["objective.weights.scores"])


def test_the_saved_model_is_a_plain_one(tmp_path: Path) -> None:
    run = toy.trainer(tmp_path / "run", max_steps=2)
    run.train()
    run.save_model(str(tmp_path / "end"))
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path / "end")
    assert parameters_of(loaded).keys() == parameters_of(run.model).keys()
    for name, value in parameters_of(loaded).items():
        assert torch.equal(value, dict(run.model.named_parameters())[name])
    state = load_file(tmp_path / "end" / "method.safetensors")
    assert torch.equal(state["objective.weights.scores"], run.method.objective.weights.scores.detach())
