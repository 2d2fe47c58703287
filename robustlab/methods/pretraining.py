"""Multi-scale contrastive pre-training, put together."""

from __future__ import annotations

from robustlab.ascent import directions, projections, starts
from robustlab.ascent.gradient import Rest
from robustlab.ascent.relative import RelativeAscent
from robustlab.contrastive.engines import Engine, InBatch
from robustlab.contrastive.momentum import MOMENTUM
from robustlab.methods.base import Method
from robustlab.objective.multi_scale import MultiScale
from robustlab.objective.scale_passes import View
from robustlab.objective.scales import Scales

TEMPERATURE = 0.05  # SimCSE
RADIUS = 0.05  # of a word's length: a view, not another sentence


def multi_scale(
    *,
    words: float = 1.0,
    tokens: float = 0.1,
    replaced: float = 1.0,
    sentences: float = 1.0,
    documents: float = 0.5,
    engine: Engine | None = None,
    view: View = "dropout",
    hard: bool = True,
    temperature: float = TEMPERATURE,
    momentum: float = MOMENTUM,
    chunk: int | None = None,
    steps: int = 1,
    step_size: float = RADIUS,
    radius: float = RADIUS,
) -> Method:
    """α_w·L_word + α_t·L_token + α_r·L_replaced + α_s·L_sentence + α_d·L_document, on unlabelled sentences.

    With the words alone it is masked language modelling, the control of every other setting.

    Args:
        words: α_w, of the masked words.
        tokens: α_t, of aligned tokens.
        replaced: α_r, of replaced-token detection.
        sentences: α_s, of the sentences' views.
        documents: α_d, of the documents' halves.
        engine: Where the sentence loss has its negatives from; the batch where not given.
        view: "dropout", "text" (a companion), or "adversarial" (an ascent of the sentence loss at the words).
        hard: Whether rows bring hard negatives, which are read.
        temperature: τ of the sentences and documents.
        momentum: Share of a momentum encoder that a step keeps, where the engine wants one.
        chunk: Sentences whose graph is held at once.
        steps: k of an adversarial view.
        step_size: α of an adversarial view, a share of the words' length.
        radius: How far a word may move in an adversarial view, a share of its length.

    Source: robustlab; the synthesis on multi-scale contrastive pre-training asks for it and defines none of it.
    """
    objective = MultiScale(
        scales=Scales(words=words, tokens=tokens, replaced=replaced, sentences=sentences, documents=documents),
        engine=InBatch(temperature) if engine is None else engine,
        view=view,
        hard=hard,
        temperature=temperature,
        momentum=momentum,
        chunk=chunk,
    )
    if view != "adversarial":
        return Method(Rest(), objective)
    ascent = RelativeAscent(
        steps=steps,
        step_size=step_size,
        direction=directions.token_l2,
        project=projections.token_relative_ball(radius),
        start=starts.relative(0.01),
    )
    return Method(ascent, objective)
