"""Random streams of their own for tasks that take turns: what one draws does not depend on when the others run.

TextAttack draws from the global generators of Python and numpy, so that a task's stream has to be put there for its
turn and taken away after it.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


class Stream:
    """The global generators' states of one task.

    Args:
        key: Determines every draw.
    """

    def __init__(self, *key: int | str) -> None:
        digest = hashlib.sha256(repr(key).encode()).digest()
        self._python: Any = random.Random(digest).getstate()
        self._numpy: Any = np.random.RandomState(np.frombuffer(digest, dtype=np.uint32)).get_state()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Draw from this stream; afterwards the global generators are as they were."""
        python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  # TextAttack draws from it
        random.setstate(self._python)
        np.random.set_state(self._numpy)  # noqa: NPY002
        try:
            yield
        finally:
            self._python, self._numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
