"""ADPMIXUP's classifier: adapters mixed for each example, by how certain each of them is about it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from robustlab.models.adapters import installed_peft, sharing_copy
from robustlab.models.encoding import Predict, Text, predictor
from robustlab.models.mixing import mixing

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

Rule = Callable[[Tensor], Tensor]
"""Logits of each adapter alone [m b c] -> coefficients [b m]."""

FORMAT = 1
MANIFEST = "mixup.json"
WEIGHTS = "adapter_model.safetensors"  # the name that peft gives it, so that peft loads a folder as well


def certainty_weights(logits: Tensor) -> Tensor:
    """Weigh adapters by how certain they are, example by example.

        cⱼ = 1 - H(pⱼ) / log C,    βⱼ = cⱼ / Σᵢ cᵢ

    An adapter that is certain where the others know nothing gets all the weight; adapters that are equally certain
    share it, and so do adapters that all know nothing.

    Args:
        logits: What each adapter alone says.
    Shapes: logits [m b c]; result [b m], each row on the simplex.
    Raises: ValueError: If the logits are of a wrong shape or not finite.
    Source: Nguyen and Le (AdpMixup): coefficients from the entropies of the adapters' predictions, for each example.
    Departs: How the paper turns entropies into coefficients could not be established: shares of certainty are ours,
        and so is treating any number of attacks alike, with one share an adapter.
    """
    if logits.dim() != 3 or logits.shape[0] < 1 or logits.shape[2] < 2:
        raise ValueError(f"logits must be [m b c] with at least 2 classes, got {list(logits.shape)}")
    if not logits.isfinite().all():
        raise ValueError("logits must be finite: entropies of others say nothing")
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    entropy = torch.distributions.Categorical(logits=logits, validate_args=False).entropy()
    certainty = (1 - entropy / math.log(logits.shape[2])).clamp_min(0).T
    total = certainty.sum(1, keepdim=True)
    # Below the rounding of 1 - H / log C, what is left of the certainties is noise.
    known = total > 4 * torch.finfo(total.dtype).eps
    return torch.where(known, certainty / total.where(known, 1), 1 / logits.shape[0])


class MixedClassifier(nn.Module):
    """A classifier that mixes its adapters anew for each example, to be called like one of `transformers`.

    Args:
        adapted: A model with adapters, from `robustlab.models.adapters.attach`.
        rule: What coefficients the predictions of the adapters alone give.
    """

    def __init__(self, adapted: PeftModel, rule: Rule = certainty_weights) -> None:
        super().__init__()
        self.adapted, self.rule = adapted, rule

    @property
    def names(self) -> tuple[str, ...]:
        """The adapters, in the order of the coefficients."""
        return tuple(self.adapted.peft_config)

    @property
    def config(self) -> PretrainedConfig:
        """The base model's configuration."""
        return self.adapted.get_base_model().config

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.adapted.parameters()).device

    def forward(self, **batch: Tensor) -> SimpleNamespace:
        """One forward an adapter for the coefficients, then one of the mixture.

        Shapes: logits [b c], coefficients [b m], alone [m b c].
        """
        said = []
        for name in self.names:
            self.adapted.set_adapter(name)
            said.append(self.adapted(**batch).logits)
        alone = torch.stack(said)
        coefficients = self.rule(alone)
        with mixing(self.adapted, coefficients):
            logits = self.adapted(**batch).logits
        return SimpleNamespace(logits=logits, coefficients=coefficients, alone=alone)


class AdapterMixup:
    """Texts -> logits by ADPMIXUP: a `Predict` that can say which adapters answered.

    Args:
        adapted: A model with adapters.
        tokenizer: The base model's.
        batch_size: Texts in one forward.
        max_length: Longer texts are cut to this many tokens.
        rule: What coefficients the predictions of the adapters alone give.
    Raises: ValueError: If `batch_size` is not positive or `max_length` leaves no room for text.
    """

    def __init__(
        self,
        adapted: PeftModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        batch_size: int = 256,
        max_length: int = 128,
        rule: Rule = certainty_weights,
    ) -> None:
        self.classifier = MixedClassifier(adapted, rule)
        self.tokenizer = tokenizer
        self.batch_size, self.max_length = batch_size, max_length
        self._predict = self._predictor(self.classifier)

    @property
    def names(self) -> tuple[str, ...]:
        """The adapters, in the order of the coefficients."""
        return self.classifier.names

    def __call__(self, texts: Sequence[Text]) -> Tensor:
        """Logits [n c] of the mixture, on the CPU, in the order of the texts."""
        return self._predict(texts)

    def coefficients(self, texts: Sequence[Text]) -> Tensor:
        """Whose answer each text gets: the adapter with most weight profiles the attack it may come from.

        Shapes: [n m], each row on the simplex; columns in the order of `names`.
        """
        return self.classifier.rule(torch.stack([self.alone(name)(texts) for name in self.names]))

    def alone(self, name: str) -> Predict:
        """What one adapter says without the others.

        Raises: ValueError: If there is no such adapter.
        """
        if name not in self.names:
            raise ValueError(f"no adapter {name!r}: there are {', '.join(self.names)}")
        adapted = self.classifier.adapted
        predict = self._predictor(adapted.get_base_model())

        def predict_alone(texts: Sequence[Text]) -> Tensor:
            adapted.set_adapter(name)
            return predict(texts)

        return predict_alone

    def _predictor(self, model: Any) -> Predict:
        return predictor(model, self.tokenizer, batch_size=self.batch_size, max_length=self.max_length)

    def save(self, folder: str | Path) -> None:
        """Write the adapters, one folder each in the format of `peft`; the base model is not written."""
        from safetensors.torch import save_file

        peft, adapted = installed_peft(), self.classifier.adapted
        folder = Path(folder)
        for name in self.names:
            (folder / name).mkdir(parents=True, exist_ok=True)
            state = peft.get_peft_model_state_dict(adapted, adapter_name=name, save_embedding_layers=False)
            save_file({key: value.detach().cpu().contiguous() for key, value in state.items()}, folder / name / WEIGHTS)
            adapted.peft_config[name].save_pretrained(str(folder / name))
        manifest = {
            "format": FORMAT,
            "adapters": list(self.names),
            "base": _fingerprint(adapted.get_base_model()),
            "batch_size": self.batch_size,
            "max_length": self.max_length,
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(
        cls,
        folder: str | Path,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        rule: Rule = certainty_weights,
    ) -> AdapterMixup:
        """Put saved adapters on the base model they were trained on, which is left as it is.

        The rule of the coefficients is code and is not saved: give it again where it is not the default.

        Raises:
            ModuleNotFoundError: If `peft` is not installed.
            FileNotFoundError: If the folder holds no adapters.
            ValueError: If they are of another format, were trained on another base model, or one is not whole.
        """
        peft, folder = installed_peft(), Path(folder)
        if not (folder / MANIFEST).is_file():
            raise FileNotFoundError(f"no adapters in {folder}: expected the {MANIFEST} that AdapterMixup.save writes")
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest.get("format") != FORMAT:
            raise ValueError(f"{folder / MANIFEST}: expected format {FORMAT}, got {manifest.get('format')!r}")
        if _fingerprint(model) != manifest["base"]:
            raise ValueError(f"the adapters in {folder} were trained on another base model: load the weights it had")
        first, *others = manifest["adapters"]
        adapted = peft.PeftModel.from_pretrained(sharing_copy(model), str(folder / first), adapter_name=first)
        for name in others:
            adapted.load_adapter(str(folder / name), adapter_name=name)
        for name in manifest["adapters"]:
            _check_whole(folder / name / WEIGHTS, adapted, name)
        sizes = {name: manifest[name] for name in ("batch_size", "max_length")}
        return cls(adapted.eval(), tokenizer, rule=rule, **sizes)


def _check_whole(file: Path, adapted: PeftModel, name: str) -> None:
    """`peft` leaves what a file lacks as it was drawn, and says nothing."""
    from safetensors import safe_open

    own = installed_peft().get_peft_model_state_dict(adapted, adapter_name=name, save_embedding_layers=False)
    with safe_open(file, framework="pt") as stored:
        odd = sorted(set(own) ^ set(stored.keys()))
    if odd:
        raise ValueError(
            f"{file}: expected {len(own)} weights, {len(odd)} missing or unknown, {odd[0]}: save the adapters again"
        )


def _fingerprint(model: nn.Module) -> str:
    """A hash of a model's weights, of the base's alone where there are adapters on it."""
    digest = hashlib.sha256()
    for name, value in sorted(_base_weights(model).items()):
        digest.update(f"{name} {value.dtype} {list(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _base_weights(model: nn.Module) -> dict[str, Tensor]:
    """Weights by the names they have without adapters."""
    own = {name: value for name, value in model.named_parameters() if ".lora_" not in name}
    own = {name: value for name, value in own.items() if ".modules_to_save." not in name}
    return {name.replace(".base_layer.", ".").replace(".original_module.", "."): own[name] for name in own}
