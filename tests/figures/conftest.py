"""Figures are closed after each test: Matplotlib keeps them, and warns beyond twenty."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    from matplotlib import pyplot  # here, because the modules choose the backend first

    pyplot.close("all")
