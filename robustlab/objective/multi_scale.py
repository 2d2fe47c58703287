"""Pre-training at several scales at once: words, tokens, sentences, documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, cast, get_args

import torch
from torch import Tensor, nn

from robustlab.ascent.checks import positive
from robustlab.ascent.gradient import Ascent
from robustlab.contrastive.caching import cached_terms
from robustlab.contrastive.engines import Engine
from robustlab.contrastive.landscape import ContrastiveLandscape
from robustlab.contrastive.losses import nt_xent
from robustlab.contrastive.momentum import MOMENTUM, MomentumEncoder, check_decay
from robustlab.contrastive.scales import halves
from robustlab.gather import gathered
from robustlab.landscape.base import Landscape
from robustlab.objective import held
from robustlab.objective.base import Objective, Terms
from robustlab.objective.heads import ReplacedHead, WordHead
from robustlab.objective.late import Late
from robustlab.objective.scale_passes import Passes, View
from robustlab.objective.scales import Scales
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness, key
from robustlab.typing import Offset, Scalar


class MultiScale(Late, Objective):
    """J = α_w·L_word + α_t·L_token + α_r·L_replaced + α_s·L_sentence + α_d·L_document.

        L_word:      the words behind a mask
        L_token:     InfoNCE of a token's state in the text and in the masked text, against the other places
        L_replaced:  which words of the text are another model's: here the word head's own
        L_sentence:  an engine's loss of a sentence and its view, hard negatives beside
        L_document:  NT-Xent of a document's halves, with a contradicted half beside

    Dropout views are the same text under other masks; text views are companions; adversarial views are the end of the
    method's ascent, which climbs the sentence loss at the words.

    Args:
        scales: α.
        engine: Where the sentence loss has its negatives from.
        view: What a sentence's positive is.
        hard: Whether companions "negative" are read as hard negatives.
        temperature: τ of the documents' loss; the engine has its own.
        token_temperature: τ of the tokens' loss.
        momentum: Share of a momentum encoder that a step keeps, where the engine wants one.
        chunk: Sentences whose graph is held at once; None for all of the batch.
        learning_rate: Of the heads.

    Shapes: terms [], nats.

    Raises: ValueError: If a temperature, chunk or learning rate is not positive, the momentum is not within [0, 1), the
        view is unknown, or an ascent and the view do not fit; TypeError: in training, if the landscape is none of
        sentences.

    Source: robustlab. The parts are those of Devlin et al. (BERT, 2019), Su et al. (TaCL, 2022), Clark et al. (ELECTRA,
        2020), Gao et al. (SimCSE, 2021) and Giorgi et al. (DeCLUTR, 2021).
    Departs: TaCL's target is a frozen teacher, ours the model itself; ELECTRA's generator is a second model, ours the
        word head; DeCLUTR reads spans whole, we average their sentences.
    """

    def __init__(
        self,
        *,
        scales: Scales,
        engine: Engine,
        view: View = "dropout",
        hard: bool = True,
        temperature: float = 0.05,
        token_temperature: float = 0.05,
        momentum: float = MOMENTUM,
        chunk: int | None = None,
        learning_rate: float = 1e-3,
    ):
        super().__init__()
        given = {"temperature": temperature, "token_temperature": token_temperature, "learning_rate": learning_rate}
        for name, value in (given | ({} if chunk is None else {"chunk": chunk})).items():
            positive(name, value)
        if view not in get_args(View):
            raise ValueError(f"view must be one of {', '.join(get_args(View))}, got {view!r}")
        check_decay(momentum)
        self.scales, self.engine, self.hard, self.chunk, self.momentum = scales, engine, hard, chunk, momentum
        self.view: View = view
        self.temperature, self.token_temperature, self.learning_rate = temperature, token_temperature, learning_rate

    def check(self, ascent: Ascent) -> None:
        """Raise unless there is an ascent exactly where the view is one.

        Raises: ValueError: If the view is adversarial and the ascent takes no step, or the other way round.
        """
        if (self.view == "adversarial") != bool(ascent.steps):
            raise ValueError(f"an adversarial view is the end of an ascent: got {self.view!r} and {ascent.steps} steps")

    def prepare(self, landscapes: Iterable[Landscape], *, learning_rate: float) -> None:
        """Make the heads, and the momentum encoder where the engine wants one."""
        if self.inner is None:
            self._make(next(iter(landscapes)))

    def _make(self, landscape: Landscape) -> None:
        model = self._sentences(landscape).model
        with torch.no_grad():
            width = landscape.read().hidden.shape[-1]
        words, embedding = model.get_input_embeddings().weight.shape
        heads: dict[str, nn.Module] = {}
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            if self.scales.words or self.scales.replaced:
                heads["words"] = WordHead(width, embedding, words)
            if self.scales.replaced:
                heads["replaced"] = ReplacedHead(width)
        if self.scales.contrasted and self.engine.needs_momentum:
            heads["momentum"] = MomentumEncoder(model, decay=self.momentum)
        self.make(nn.ModuleDict(heads).to(landscape.mask.device))

    @staticmethod
    def _sentences(landscape: Landscape) -> ContrastiveLandscape:
        if not isinstance(landscape, ContrastiveLandscape):
            raise TypeError(f"pre-training reads a ContrastiveLandscape, got {type(landscape).__name__}")
        return landscape

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term a chunk."""
        sentences = self._sentences(landscape)
        if self.inner is None:
            self.check_in_time()
            self._make(landscape)
        trace, passes = Trace(), self._passes()
        parts = sentences.chunks(self.chunk) if self.chunk else [sentences]
        offsets = [self._climbed(part, ascent, trace, generator) for part in parts]
        names: list[str] = []

        def encode(pair: tuple[ContrastiveLandscape, Offset | None]) -> tuple[Tensor, ...]:
            read = passes.read(*pair)
            names[:] = read
            return tuple(read.values())

        def total(*slots: Tensor) -> Scalar:
            return self._total(dict(zip(names, slots, strict=True)), sentences.batch, trace)

        yield from cached_terms(encode, list(zip(parts, offsets, strict=True)), total)
        return trace

    def _heads(self) -> dict[str, nn.Module]:
        return dict(self.inner.items()) if isinstance(self.inner, nn.ModuleDict) else {}

    def _passes(self) -> Passes:
        return Passes(
            scales=self.scales,
            view=self.view,
            hard=self.hard,
            heads=self._heads(),
            token_temperature=self.token_temperature,
        )

    def _climbed(
        self, part: ContrastiveLandscape, ascent: Ascent, trace: Trace, generator: Randomness
    ) -> Offset | None:
        if self.view != "adversarial" or not self.scales.contrasted:
            return None
        if self.chunk:  # the rows of a part have starts of their own
            generator = torch.Generator().manual_seed(key(part.seed, "start"))
        return held.climbed(ascent, cast(Landscape, part), trace, generator=generator)  # its base is a cached property

    def _total(self, read: Mapping[str, Tensor], batch: Mapping[str, Tensor], trace: Trace) -> Scalar:
        losses = {name: read[name].mean() for name in ("words", "tokens", "replaced") if name in read}
        if self.scales.sentences:
            losses["sentences"] = self._sentence_loss(read, batch)
        if self.scales.documents:
            losses["documents"] = self._document_loss(read, batch)
        trace.extra |= {f"{name}_loss": loss.detach() for name, loss in losses.items()}
        weights = asdict(self.scales)
        return torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()

    def _sentence_loss(self, read: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> Scalar:
        negatives, there = read.get("negatives"), self._there(read, batch)
        examples = batch.get("example_id")
        return self.engine.loss(
            read["anchors"], read["views"], examples=examples, negatives=negatives, there=there
        ).mean()

    def _document_loss(self, read: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> Scalar:
        spans = halves(read["anchors"], batch["document"], read.get("negatives"), self._there(read, batch))
        first, second = gathered(spans.first), gathered(spans.second)
        negatives = None if spans.contradicted is None else gathered(spans.contradicted)
        there = None if spans.there is None else gathered(spans.there.to(first.dtype)) > 0
        if len(first) < 2:
            return first.sum() * 0  # sentences that stand alone: nothing to compare, and a gradient of 0
        return nt_xent(first, second, temperature=self.temperature, negatives=negatives, there=there).mean()

    @staticmethod
    def _there(read: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> Tensor | None:
        return batch["negative_there"] if "negatives" in read and "negative_there" in batch else None

    def given(self) -> dict[str, Any]:
        """α, the view, the engine and what bounds the memory."""
        parts = {"view": self.view, "engine": type(self.engine).__name__, "hard": self.hard}
        return asdict(self.scales) | parts | ({"chunk": self.chunk} if self.chunk else {})

    def units(self, ascent: Ascent) -> float:
        """Three for each text that is read with gradients, one for a momentum encoder's, and the climb.

        Chunks add a forward for each text.
        """
        scales = self.scales
        texts = (scales.contrasted or bool(scales.tokens)) + scales.masked + bool(scales.replaced)
        texts += scales.contrasted * self.hard
        momentum = scales.contrasted * self.engine.needs_momentum
        texts += scales.contrasted * (not self.engine.needs_momentum)
        climb = held.passes(ascent) if scales.contrasted else 0
        return (4 if self.chunk else 3) * texts + momentum * (2 if self.chunk else 1) + climb

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The heads, at their own learning rate."""
        learned = [parameter for parameter in self.learned() if parameter.requires_grad]
        return [{"params": learned, "lr": self.learning_rate}] if learned else []

    def after_step(self) -> None:
        """Let the momentum encoder and the engine follow."""
        self.engine.after_step()
        if isinstance(slow := self._heads().get("momentum"), MomentumEncoder):
            slow.after_step()
