"""Adversarially robust training of language models.

Importing the package is free: torch and everything above it load with the submodule that needs them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robustlab.training.step import accumulate as accumulate

__version__ = "0.1.0"
__all__ = ["__version__", "accumulate"]


def __getattr__(name: str) -> Any:
    """Load `accumulate` on first use, so that `import robustlab` does not pay for torch."""
    if name == "accumulate":
        from robustlab.training.step import accumulate

        return accumulate
    raise AttributeError(f"module 'robustlab' has no attribute {name!r}; it offers {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
