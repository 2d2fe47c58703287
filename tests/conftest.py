"""One thread, no network and checked shapes for every test."""

import os
from collections.abc import Iterator
from pathlib import Path

# Before torch and the Hugging Face libraries read them.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"

import jaxtyping
import pytest
import torch
from jaxtyping import install_import_hook

import tests.shape_checks  # noqa: F401 (the hook below finds it by name)

CHECKED = (
    "robustlab.landscape",
    "robustlab.ascent",
    "robustlab.contrastive",
    "robustlab.objective",
    "robustlab.taylor",
)
# Installed at collection and never removed: a module is checked whenever a test imports it first.
install_import_hook(CHECKED, "tests.shape_checks.checked")
torch.set_num_threads(1)

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _seed() -> None:
    """Give each test the same global stream; tests of randomness pass their own generators."""
    torch.manual_seed(0)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Switch the suite's type checks off: users run without them and must see the package's own message."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; what needs it is skipped where there is none."""
    folder = os.environ.get("ROBUSTLAB_DATA")
    if not folder:
        pytest.skip("ROBUSTLAB_DATA is not set: this test reads the real data sets")
    path = Path(folder).expanduser()
    if not path.is_dir():
        pytest.skip(f"ROBUSTLAB_DATA={folder} is not a folder")
    return path.resolve()
