"""One message for a number that must be positive."""

from __future__ import annotations

import math


def positive(name: str, value: float) -> None:
    """Raise a ValueError that names `name` unless `value` is a finite number above 0.

    Source: robustlab.
    """
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be positive, got {value}")
