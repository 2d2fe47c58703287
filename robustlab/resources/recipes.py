"""Which resources a recipe reads, by its name; a `+` and a name after it put something else in a resource's place."""

from __future__ import annotations

from robustlab.resources.catalogue import table


def recipes() -> tuple[str, ...]:
    """The recipes whose resources are listed."""
    return tuple(table("recipe"))


def needs(recipe: str) -> tuple[str, ...]:
    """List the resources that a recipe reads.

    Args:
        recipe: Such as `textfooler`, or with substitutes `textfooler+neighbours+minilm`.
    Raises: ValueError: If the recipe or a substitute is unknown, or the recipe has no use for the substitute.
    """
    plain, *substitutes = recipe.split("+")
    if plain not in table("recipe"):
        raise ValueError(f"no list of resources for recipe {plain!r}; there is one for {', '.join(recipes())}")
    read = list(table("recipe")[plain])
    for substitute in substitutes:
        if substitute not in table("substitute"):
            raise ValueError(f"no substitute {substitute!r} in {recipe!r}; there are {', '.join(table('substitute'))}")
        instead = table("substitute")[substitute]
        if not set(instead) & set(read):
            raise ValueError(
                f"{recipe!r}: +{substitute} stands in for {', '.join(instead)}, none of which is left in {plain}"
            )
        read = [instead.get(name, name) for name in read]
    return tuple(dict.fromkeys(read))


def avoided_by(name: str) -> tuple[str, ...]:
    """The substitutes with which a recipe does without a resource, such as `+minilm`; not those that are for tests."""
    offered = {substitute: instead for substitute, instead in table("substitute").items() if name in instead}
    return tuple(f"+{substitute}" for substitute in offered if substitute not in table("hints")["never"])
