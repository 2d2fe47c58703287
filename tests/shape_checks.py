"""The type checker that tests/conftest.py puts on the core."""

import warnings
from collections.abc import Callable

from beartype import beartype
from beartype.roar import BeartypeDecorHintPep3119Exception


def checked(function: Callable) -> Callable:
    """Check the arguments and results of `function`; say so where its annotations cannot be checked."""
    try:
        return beartype(function)
    except BeartypeDecorHintPep3119Exception:
        name = f"{function.__module__}.{function.__qualname__}"
        warnings.warn(f"{name} is not checked: it names a protocol without @runtime_checkable", stacklevel=2)
        return function
