"""Two offsets climbed together: one for the sequence, and one for each token, which its word remembers."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from robustlab.ascent import goals
from robustlab.ascent.checks import positive
from robustlab.ascent.directions import token_l2, unit_l2
from robustlab.ascent.gradient import record
from robustlab.ascent.projections import l2_ball
from robustlab.ascent.starts import freelb
from robustlab.gather import gathered
from robustlab.landscape.base import Landscape, Path
from robustlab.randomness import Randomness
from robustlab.typing import Climb, Ids, Offset


class TokenTable(nn.Module):
    """η of every word of the vocabulary, as it was when the word was last met.

    It has no rows until the vocabulary and the width are known; a state that was loaded before brings its own.

    Args:
        magnitude: Fresh rows are U(-1, 1)·magnitude/√d, about magnitude/√3 long; 0 starts at nothing.

    Shapes: rows [v d].

    Source: Li & Qiu (TA-VAT, 2021), Algorithm 1, the global accumulated perturbation.
    Departs: a word that occurs more than once in a batch remembers the mean, whatever the order of the batch; the
        released code adds instead of replacing, so that frequent words' rows grow without end (`AccumulatingTable`).
    """

    rows: Float[Tensor, "v d"]

    def __init__(self, magnitude: float):
        super().__init__()
        self.magnitude = magnitude
        self.register_buffer("rows", torch.zeros(0, 0))
        self._met: list[tuple[Tensor, Tensor]] = []

    def look_up(self, landscape: Landscape) -> Offset:
        """The rows of a batch's words, 0 where nothing may move."""
        if landscape.ids is None:
            raise ValueError("a token table needs token ids, but the site has none; use the word embeddings")
        if not len(self.rows):
            self._make(landscape)
        return self.rows.to(landscape.mask)[landscape.ids] * landscape.mask

    def _make(self, landscape: Landscape) -> None:
        model = landscape.model  # type: ignore[attr-defined]  # a site with token ids belongs to a model
        size, width = model.get_input_embeddings().num_embeddings, landscape.shape[-1]
        noise = torch.empty(size, width).uniform_(-1, 1, generator=torch.Generator().manual_seed(0))
        self.rows = (self.magnitude / width**0.5 * noise).to(landscape.mask.device, self.rows.dtype)

    def remember(self, ids: Ids, values: Offset, mask: Tensor) -> None:
        """Keep the last values of a batch's words until `after_step`."""
        free = mask.expand(*ids.shape, 1).squeeze(-1) > 0
        self._met.append((ids[free], values[free].to(self.rows)))

    def after_step(self) -> None:
        """Write what was met in this step, in all processes: the mean over the occurrences of a word."""
        if not self._met:
            return
        ids, values = (gathered(torch.cat(column)) for column in zip(*self._met, strict=True))
        self._met = []
        self._write(ids, values)

    def _write(self, ids: Tensor, values: Tensor) -> None:
        words, where = ids.unique(return_inverse=True)
        sums = self.rows.new_zeros(len(words), self.rows.shape[1]).index_add_(0, where, values)
        counts = torch.bincount(where, minlength=len(words))
        self.rows[words] = sums / counts[:, None]

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *rest: Any, **named: Any) -> None:
        if (found := state_dict.get(f"{prefix}rows")) is not None:
            self.rows = torch.empty_like(found, device=self.rows.device)
        super()._load_from_state_dict(state_dict, prefix, *rest, **named)


class TokenAware(nn.Module):
    """r = δ + η: a sequence-level offset and token-level ones, which take their steps from the same gradient.

        δ ← Π_ε(δ + α·g/‖g‖₂)                                 one norm for the example
        η_i ← n_i·(η_i + α·g_i/‖g_i‖₂),  n_i = ‖η_i‖/max_j‖η_j‖,  then Π_ε        one norm for each token

    The scale n_i lets the tokens that have been moved most move on, and holds the others back.

    Args:
        steps: k.
        step_size: α.
        radius: ε, of either offset over the example.
        magnitude: Of δ's random start and of the table's fresh rows.

    Shapes: offsets and gradients [b l d].

    Raises: ValueError: If `steps` is below 1, or `step_size`, `radius` or `magnitude` is not positive.

    Source: Li & Qiu (TA-VAT, 2021), Algorithm 1.
    Departs: norms are those of one example; the released code divides the gathered η by the norm of the whole batch.
    """

    remembers = True  # its last step is taken even where no point of the objective needs it

    def __init__(self, *, steps: int, step_size: float, radius: float, magnitude: float):
        super().__init__()
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}; for no ascent use methods.standard()")
        for name, value in (("step_size", step_size), ("radius", radius), ("magnitude", magnitude)):
            positive(name, value)
        self.steps, self.step_size = steps, step_size
        self.start, self.project, self.table = freelb(magnitude), l2_ball(radius), TokenTable(magnitude)
        self.goal = goals.cross_entropy

    def climb(self, landscape: Landscape, *, generator: Randomness = None) -> Climb:
        """Yield δ + η where a gradient is wanted, receive it, and return the last sum."""
        whole, tokens = self.start(landscape, generator=generator), self.table.look_up(landscape)
        for _ in range(self.steps):
            gradient = (yield whole + tokens) * landscape.mask
            whole = self.project(whole + self.step_size * unit_l2(gradient), landscape)
            tokens = self.project(self._scaled(tokens + self.step_size * token_l2(gradient)), landscape)
        assert landscape.ids is not None  # or the table would have said so
        self.table.remember(landscape.ids, tokens, landscape.mask)
        return whole + tokens

    def _scaled(self, tokens: Offset) -> Offset:
        length = tokens.norm(dim=-1, keepdim=True)
        longest = length.amax(dim=1, keepdim=True)
        return tokens * (length / longest.clamp_min(torch.finfo(length.dtype).tiny))

    def __call__(self, landscape: Landscape, *, generator: Randomness = None) -> Path:
        """Climb and record the path; the table is written only by `after_step`."""
        return record(self, landscape, generator=generator)

    def after_step(self) -> None:
        """Write the table."""
        self.table.after_step()
