"""Attacked examples as tests need them."""

from robustlab.evaluation.attack.rows import Attacked, Outcome


def attacked(number: int, outcome: Outcome = "succeeded", **given) -> Attacked:
    """A row with an outcome and whatever else matters to a test."""
    fitting = {
        "label": 1,
        "text": "a good film",
        "attacked_text": "a great film" if outcome != "skipped" else given.get("text", "a good film"),
        "predicted": 0 if outcome == "skipped" else 1,
        "attacked_predicted": 1 if outcome == "failed" else 0,
        "confidence": 0.3 if outcome == "skipped" else 0.9,
        "attacked_confidence": 0.6 if outcome == "failed" else 0.3,
        "queries": 0 if outcome == "skipped" else 10,
        "words": 3,
        "changed": 0 if outcome == "skipped" else 1,
    }
    return Attacked(example_id=number, outcome=outcome, **fitting | given)


def outcomes(letters: str) -> list[Attacked]:
    """One row a letter: s for succeeded, f for failed, - for skipped."""
    names: dict[str, Outcome] = {"s": "succeeded", "f": "failed", "-": "skipped"}
    return [attacked(number, names[letter]) for number, letter in enumerate(letters)]
