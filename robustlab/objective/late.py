"""Parts of an objective that can be made only when the model is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn


class Late(nn.Module):
    """Holds a module that is made when the first batch is seen; a state that was loaded before then waits for it.

    Source: robustlab.
    """

    def __init__(self) -> None:
        super().__init__()
        self.inner: nn.Module | None = None
        self._waiting: dict[str, Tensor] = {}
        self._missed = False

    def make(self, module: nn.Module) -> None:
        """Take the module, with the weights that wait for it if there are any."""
        self.inner = module
        if self._waiting:
            module.load_state_dict(self._waiting)
            self._waiting = {}

    def check_in_time(self) -> None:
        """To be called by a training step that finds nothing made yet.

        Raises: ValueError: If an optimiser has been told already that there is nothing to learn.
        """
        if self._missed:
            raise ValueError(
                f"what {type(self).__name__} learns would be made after the optimiser, which would never train it; "
                "call method.prepare(…) before method.parameter_groups()"
            )

    def learned(self) -> list[nn.Parameter]:
        """The module's parameters, for an optimiser; none before it is made, which is remembered."""
        self._missed = self.inner is None
        return [] if self.inner is None else list(self.inner.parameters())

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any, **named: Any) -> None:
        if self.inner is not None:
            super()._load_from_state_dict(state_dict, prefix, *rest, **named)
            return
        own = f"{prefix}inner."
        self._waiting = {name.removeprefix(own): value for name, value in state_dict.items() if name.startswith(own)}

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination.update({f"{prefix}inner.{name}": value for name, value in self._waiting.items()})
