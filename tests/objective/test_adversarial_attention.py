"""ASA: the masked attention by naive loops, the game's two gradients, the noise, and the state."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from scipy import stats

from robustlab import methods
from robustlab.landscape import QuadraticLandscape, TransformerLandscape, find_attentions
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.objective import AdversarialAttention, ConcreteMasks, MaskHead
from robustlab.objective.attention_masks import logistic_noise, maskable, reverse
from robustlab.randomness import ExampleGenerators


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model():
    return tiny_architecture("bert").double().eval()


@pytest.fixture
def batch():
    return tiny_batch("bert")


def prepared(landscape, **values):
    method = methods.asa(**values)
    method.prepare([landscape], learning_rate=1e-3)
    return method


def torch_kl(p, q):
    return F.kl_div(q.log_softmax(-1), p.log_softmax(-1), reduction="batchmean", log_target=True)


class TestMaskedAttention:
    """One layer of BERT, unit by unit."""

    def by_hand(self, model, head, states, mask, noise, temperature):
        layer = model.bert.encoder.layer[0].attention.self
        heads, size = 2, 16
        q, k, v = (part(states) for part in (layer.query, layer.key, layer.value))
        d = states.shape[-1]
        share, out = torch.zeros(len(states)), torch.zeros_like(states)
        for n in range(len(states)):
            real = int(mask[n].sum())
            for i in range(real):
                keep = torch.ones(real, dtype=torch.float64)
                for j in range(real):
                    if i != j:
                        z = (head.query @ states[n, i]) @ (head.key @ states[n, j]) / math.sqrt(d) + head.offset
                        m = 1 / (1 + math.exp(-(z + noise[n, i, j]) / temperature))
                        keep[j] = 1 - m
                        share[n] += m / (real * (real - 1))
                for h in range(heads):
                    part = slice(h * size, (h + 1) * size)
                    weights = [
                        keep[j] * torch.exp(q[n, i, part] @ k[n, j, part] / math.sqrt(size)) for j in range(real)
                    ]
                    for j in range(real):
                        out[n, i, part] += weights[j] / sum(weights) * v[n, j, part]
        return out, share

    def test_is_what_the_formula_says(self, model, batch):
        landscape = TransformerLandscape(model, batch)
        method = prepared(landscape, temperature=0.7)
        head = method.objective.masks.heads[0]
        torch.nn.init.normal_(head.offset)
        seen = []
        attention = model.bert.encoder.layer[0].attention.self
        handle = attention.register_forward_hook(lambda module, args, output: seen.append((args[0], output[0])))
        method.objective.read_masked(landscape, generator=generator())
        handle.remove()
        ((states, output),) = seen
        uniform = torch.rand(3, 8, 8, dtype=torch.float64, generator=generator())
        with torch.no_grad():
            expected, _ = self.by_hand(model, head, states, batch["attention_mask"], uniform.logit(), 0.7)
        real = batch["attention_mask"].bool()
        torch.testing.assert_close(output[real], expected[real], rtol=1e-9, atol=1e-12)
        assert (output - attention(states)[0])[real].abs().max() > 1e-3  # the mask does something

    def test_the_share_is_over_what_may_be_masked(self, model, batch):
        model.bert.encoder.layer = model.bert.encoder.layer[:1]
        landscape = TransformerLandscape(model, batch)
        method = prepared(landscape)
        head = method.objective.masks.heads[0]
        states = model.bert.embeddings(batch["input_ids"])
        noise = torch.rand(3, 8, 8, dtype=torch.float64, generator=generator()).logit()
        _, share = method.objective.read_masked(landscape, generator=generator())
        with torch.no_grad():
            _, expected = self.by_hand(model, head, states, batch["attention_mask"], noise, 0.5)
        torch.testing.assert_close(share.detach().float(), expected)

    def test_a_row_is_never_emptied(self, model, batch):
        """Even where every unit is masked, a token sees itself, and the output stays finite."""
        landscape = TransformerLandscape(model, batch)
        method = prepared(landscape)
        with torch.no_grad():
            for head in method.objective.masks.heads:
                head.offset.fill_(1e9)
        seen = []
        attention = model.bert.encoder.layer[0].attention.self
        handle = attention.register_forward_hook(lambda module, args, output: seen.append((args[0], output[0])))
        (term,) = method.terms(landscape, generator=generator())
        handle.remove()
        term.backward()
        assert term.isfinite()
        assert all(parameter.grad.isfinite().all() for parameter in model.parameters() if parameter.grad is not None)
        assert all(parameter.grad.isfinite().all() for parameter in method.parameters())
        states, output = seen[-1]
        real = batch["attention_mask"].bool()
        torch.testing.assert_close(output[real], attention.value(states)[real])  # all the weight is its own


def test_what_may_be_masked():
    allowed = torch.ones(2, 3, 3, dtype=torch.bool).tril()
    free = maskable(allowed, torch.tensor([[1, 1, 1], [0, 1, 1]]))
    assert free.int().tolist() == [[[0, 0, 0], [1, 0, 0], [1, 1, 0]], [[0, 0, 0], [0, 0, 0], [0, 1, 0]]]
    assert torch.equal(maskable(allowed, None), free[:1].expand(2, -1, -1))


def test_the_loss_is_the_formula(model, batch):
    landscape = TransformerLandscape(model, batch)
    method = prepared(landscape, weight=0.7, budget=0.9)
    (term,) = method.terms(landscape, generator=generator())
    masked, share = method.objective.read_masked(landscape, generator=generator())
    clean = model(**batch).logits
    expected = F.cross_entropy(clean, batch["labels"])
    expected = expected + 0.7 * (torch_kl(clean, masked.logits) + torch_kl(masked.logits, clean)) / 2
    torch.testing.assert_close(term, expected + 0.81 * share.mean(), rtol=1e-12, atol=0)


def sharpen(model):
    """Larger weights: a freshly drawn model hardly looks at its attention."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2 and "embeddings" not in name:
                parameter.mul_(8)
    return model


def slope(function, parameter, at, width=1e-5):
    """A central difference, without any graph."""
    values = []
    with torch.no_grad():
        for sign in (1, -1):
            parameter[at] += sign * width
            values.append(function())
            parameter[at] -= sign * width
    return (values[0] - values[1]) / (2 * width)


def pieces(method, landscape, batch):
    """The clean loss, the divergence and the share, by the printed formula."""
    masked, share = method.objective.read_masked(landscape, generator=generator())
    clean = landscape.model(**{key: value for key, value in batch.items() if key != "labels"}).logits
    apart = (torch_kl(clean, masked.logits) + torch_kl(masked.logits, clean)) / 2
    return torch.stack([F.cross_entropy(clean, batch["labels"]), apart, share.mean()])


def test_the_heads_climb_what_the_model_descends(model, batch):
    sharpen(model)
    landscape = TransformerLandscape(model, batch)
    method = prepared(landscape, weight=1.7, budget=0.9)
    (term,) = method.terms(landscape, generator=generator())
    term.backward()
    head = method.objective.masks.heads[1]
    for parameter in (head.offset, head.query, head.key):
        at = divmod(int(parameter.grad.abs().argmax()), 32) if parameter.dim() else ()
        _, apart, share = slope(lambda: pieces(method, landscape, batch), parameter, at)
        assert abs(apart) > 1e-6
        assert abs(share) > 1e-6
        torch.testing.assert_close(parameter.grad[at], -1.7 * apart + 0.81 * share, rtol=1e-5, atol=1e-9)
    last = model.bert.encoder.layer[1].attention.self  # its weights do not reach what the last head reads
    for parameter, at in [(last.value.weight, (4, 2)), (last.query.weight, (1, 1)), (model.classifier.bias, (0,))]:
        loss, apart, share = slope(lambda: pieces(method, landscape, batch), parameter, at)
        assert share == 0
        torch.testing.assert_close(parameter.grad[at], loss + 1.7 * apart, rtol=1e-5, atol=1e-9)


def test_what_a_head_reads_learns_nothing_from_it(model, batch):
    landscape = TransformerLandscape(model, batch)
    method = prepared(landscape)
    _, share = method.objective.read_masked(landscape, generator=generator())
    share.sum().backward()
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(parameter.grad.abs().sum() > 0 for parameter in method.parameters())


def test_reversal():
    value = torch.tensor([1.0, 2.0], requires_grad=True)
    assert torch.equal(reverse(value), value)
    (3 * reverse(value)).sum().backward()
    assert value.grad.tolist() == [-3, -3]


class TestNoise:
    def test_is_logistic(self):
        free = torch.ones(4, 50, 50, dtype=torch.bool)
        noise = logistic_noise(free, torch.float64, generator(1))
        assert stats.kstest(noise.flatten().numpy(), "logistic").pvalue > 0.01
        assert noise.std() == pytest.approx(math.pi / math.sqrt(3), rel=0.03)

    def test_masks_with_the_probability_that_the_logit_says(self):
        masks = ConcreteMasks([4], temperature=0.3, dtype=torch.float64)
        states = torch.zeros(1, 200, 4, dtype=torch.float64)
        torch.nn.init.constant_(masks.heads[0].offset, -1.5)
        free = ~torch.eye(200, dtype=torch.bool)[None]
        drawn = masks(0, states, free, generator()) > 0
        assert drawn[free].double().mean() == pytest.approx(1 / (1 + math.exp(1.5)), abs=0.005)
        assert not drawn[~free].any()

    def test_does_not_cancel(self, model, batch):
        landscape = TransformerLandscape(sharpen(model), batch)
        method = prepared(landscape)
        terms = [next(method.terms(landscape, generator=generator(seed))).detach() for seed in (0, 0, 1)]
        assert torch.equal(terms[0], terms[1])
        assert (terms[0] - terms[2]).abs() > 1e-4

    def test_each_layer_has_its_own(self, model, batch, monkeypatch):
        landscape = TransformerLandscape(model, batch)
        method = prepared(landscape)
        with torch.no_grad():
            for head in method.objective.masks.heads:
                head.query.zero_()
        seen = []
        forward = ConcreteMasks.forward
        monkeypatch.setattr(ConcreteMasks, "forward", lambda *args: seen.append(out := forward(*args)) or out)
        method.objective.read_masked(landscape, generator=generator())
        assert not torch.allclose(seen[0], seen[1])

    def test_follows_the_example(self, model):
        """Whatever stands beside it and however far it is padded."""
        batch = tiny_batch("bert", batch=4)
        landscape = TransformerLandscape(sharpen(model), batch)
        method = prepared(landscape)

        def masked(rows, pads):
            cut = {
                key: F.pad(value[rows], (0, pads)) if value.dim() == 2 else value[rows] for key, value in batch.items()
            }
            own = ExampleGenerators(rows, "seed")
            reading, share = method.objective.read_masked(TransformerLandscape(model, cut), generator=own)
            return reading.logits, share

        logits, share = masked([0, 1, 2, 3], 0)
        for rows, pads in (([2, 0], 0), ([3, 1, 2], 5)):
            other, others_share = masked(rows, pads)
            torch.testing.assert_close(other, logits[rows], rtol=1e-9, atol=1e-12)
            torch.testing.assert_close(others_share, share[rows], rtol=1e-9, atol=1e-12)

    def test_leaves_the_models_dropout_alone(self, batch):
        """Masks that hide nothing give the clean output under the same dropout, with and without a generator."""
        model = tiny_architecture("bert", dropout=0.3).double().train()
        landscape = TransformerLandscape(model, batch, seed=4)
        method = prepared(landscape)
        with torch.no_grad():
            for head in method.objective.masks.heads:
                head.offset.fill_(-1e9)
        for own in (generator(), None, ExampleGenerators(range(3), 0)):
            masked, share = method.objective.read_masked(landscape, generator=own)
            torch.testing.assert_close(masked.logits, landscape.clean().logits, rtol=1e-12, atol=1e-12)
            assert share.abs().max() < 1e-12

    def test_comes_from_the_global_stream_without_a_generator(self, model, batch):
        landscape = TransformerLandscape(sharpen(model), batch)
        method = prepared(landscape)
        values = []
        for seed in (5, 5, 6):
            torch.manual_seed(seed)
            values.append(method.objective.read_masked(landscape, generator=None)[1].detach())
        assert torch.equal(values[0], values[1])
        assert not torch.equal(values[0], values[2])


class TestState:
    def stepped(self, model, batch):
        landscape = TransformerLandscape(model, batch)
        method = prepared(landscape)
        optimiser = torch.optim.SGD(method.parameter_groups(), lr=10.0)
        for term in method.terms(landscape, generator=generator()):
            term.backward()
        optimiser.step()
        return landscape, method

    def test_heads_are_built_before_the_optimiser(self, model, batch):
        before = torch.get_rng_state()
        landscape = TransformerLandscape(model, batch)
        method = methods.asa()
        assert method.parameter_groups() == []
        method.prepare(iter([landscape, landscape]), learning_rate=1e-3)
        (group,) = method.parameter_groups()
        assert group["weight_decay"] == 0
        assert {id(p) for p in group["params"]} == {id(p) for p in method.parameters()}
        assert len(group["params"]) == 6
        assert all(parameter.dtype == torch.float64 for parameter in method.parameters())
        assert torch.equal(before, torch.get_rng_state())
        heads = copy.deepcopy(method.state_dict())
        method.prepare([landscape], learning_rate=1e-3)  # nothing is built twice
        assert all(torch.equal(value, method.state_dict()[name]) for name, value in heads.items())
        twin = prepared(landscape)  # every process builds the same
        assert all(torch.equal(value, twin.state_dict()[name]) for name, value in heads.items())
        assert not torch.equal(heads["objective.masks.heads.0.query"], heads["objective.masks.heads.1.query"])

    def test_an_optimiser_that_came_too_early_is_an_error(self, model, batch):
        method = methods.asa()
        method.parameter_groups()
        with pytest.raises(ValueError, match=r"would never train them; call method\.prepare\(…\) before"):
            next(method.terms(TransformerLandscape(model, batch)))

    def test_an_unprepared_method_builds_what_prepare_builds(self, model, batch):
        landscape = TransformerLandscape(model, batch)
        ready, unready = prepared(landscape), methods.asa()
        terms = [next(method.terms(landscape, generator=generator())) for method in (ready, unready)]
        assert torch.equal(*terms)

    def test_half_precision_models_have_heads_in_single(self, batch):
        model = tiny_architecture("bert").to(torch.bfloat16).eval()
        landscape = TransformerLandscape(model, batch)
        method = prepared(landscape)
        assert {parameter.dtype for parameter in method.parameters()} == {torch.float32}
        (term,) = method.terms(landscape, generator=generator())
        term.backward()
        assert term.isfinite()

    def test_state_that_was_loaded_first_waits_for_the_model(self, model, batch):
        landscape, method = self.stepped(model, batch)
        state = method.state_dict()
        fresh = methods.asa()
        fresh.load_state_dict(state)
        assert fresh.state_dict().keys() == state.keys()  # saved again before it was used, nothing is lost
        fresh.prepare([landscape], learning_rate=1e-3)
        assert fresh.state_dict().keys() == state.keys()
        untouched = prepared(landscape).state_dict()
        for name, value in fresh.state_dict().items():
            assert torch.equal(value, state[name])
            assert not torch.equal(value, untouched[name])

    def test_state_is_loaded_into_heads_that_are_there(self, model, batch):
        landscape, method = self.stepped(model, batch)
        fresh = prepared(landscape)
        fresh.load_state_dict(method.state_dict())
        for name, value in fresh.state_dict().items():
            assert torch.equal(value, method.state_dict()[name])


@pytest.mark.parametrize("name", ["weight", "temperature"])
def test_weights_are_positive(name):
    with pytest.raises(ValueError, match=f"{name} must be positive, got 0"):
        methods.asa(**{name: 0.0})


def test_the_budget_is_not_negative():
    with pytest.raises(ValueError, match=r"budget must not be negative, got -0\.1"):
        methods.asa(budget=-0.1)
    assert methods.asa(budget=0.0).objective.budget == 0


def test_values_of_the_paper():
    objective = methods.asa().objective
    assert (objective.weight, objective.budget) == (1, 0.5)


def test_a_path_is_refused():
    objective = AdversarialAttention(weight=1.0, budget=0.5, temperature=0.5)
    with pytest.raises(ValueError, match="ASA masks attention and takes no path, got an ascent of 5 steps"):
        methods.Method(methods.pgd().ascent, objective)


def test_a_landscape_without_a_model_is_refused():
    landscape = QuadraticLandscape(torch.ones(1, 2), torch.zeros(1, 2, 2))
    with pytest.raises(ValueError, match="ASA masks the attention of a model, and QuadraticLandscape has none"):
        next(methods.asa().terms(landscape))


def test_labels_are_needed(model, batch):
    landscape = TransformerLandscape(model, {key: value for key, value in batch.items() if key != "labels"})
    with pytest.raises(ValueError, match="the batch has no labels"):
        next(methods.asa().terms(landscape))


def test_a_head_is_as_printed():
    head = MaskHead(4, seed=3)
    torch.nn.init.constant_(head.offset, -1.5)
    states = torch.randn(2, 3, 4, generator=generator())
    with torch.no_grad():
        expected = [[[float((head.query @ h) @ (head.key @ g) / 2 - 1.5) for g in row] for h in row] for row in states]
        torch.testing.assert_close(head(states), torch.tensor(expected))


def test_the_attentions_are_the_models(model, batch):
    landscape = TransformerLandscape(model, batch)
    method = prepared(landscape)
    assert method.objective.attentions == find_attentions(model, landscape.logits)
