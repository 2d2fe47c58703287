"""The words of the built-in reviews: families whose members may stand for one another."""

from __future__ import annotations

from dataclasses import dataclass

POSITIVE, NEUTRAL, NEGATIVE = 1, 0, -1


@dataclass(frozen=True)
class Family:
    """Words that may replace one another wherever the grammar uses the family.

    Attributes:
        name: Stands for the family in a skeleton.
        sign: What each of its words says: `POSITIVE`, `NEUTRAL` or `NEGATIVE`.
        common: What most authors write. In a distractor, what authors of positive reviews write.
        rare: What few write. In a distractor, what authors of negative reviews write.
    """

    name: str
    sign: int
    common: tuple[str, ...]
    rare: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Every word, sorted."""
        return tuple(sorted(self.common + self.rare))


@dataclass(frozen=True)
class Opinions:
    """The opinion words of one aspect: families that negation reverses, and families too strong for it."""

    mild: dict[int, Family]
    strong: dict[int, Family]


def article(word: str) -> str:
    """The indefinite article that a word takes; no family holds a word whose first letter misleads."""
    return "an" if word[0] in "aeiou" else "a"


def _family(name: str, sign: int, common: str, rare: str) -> Family:
    return Family(name, sign, tuple(common.split()), tuple(rare.split()))


def _neutral(name: str, common: str, rare: str) -> Family:
    return _family(name, NEUTRAL, common, rare)


def _opposites(name: str, positive: tuple[str, str], negative: tuple[str, str]) -> dict[int, Family]:
    return {
        POSITIVE: _family(f"{name}+", POSITIVE, *positive),
        NEGATIVE: _family(f"{name}-", NEGATIVE, *negative),
    }


_QUALITY = _opposites(
    "quality",
    ("good fine decent", "commendable estimable laudable creditable"),
    ("bad poor weak", "lousy shoddy inferior inept"),
)
_EXTREME = _opposites(
    "extreme",
    ("great excellent wonderful", "superb splendid exquisite sublime"),
    ("terrible awful horrible", "atrocious abysmal execrable dire"),
)
_INTEREST = _opposites(
    "interest",
    ("engaging interesting gripping", "riveting engrossing absorbing spellbinding"),
    ("boring dull tedious", "wearisome soporific tiresome monotonous"),
)
_BELIEF = _opposites(
    "belief",
    ("convincing believable", "credible persuasive plausible"),
    ("wooden stiff fake", "stilted leaden unconvincing"),
)
_HUMOUR = _opposites(
    "humour",
    ("funny witty clever", "droll uproarious mirthful"),
    ("lame stale silly", "insipid trite hackneyed"),
)
_BEAUTY = _opposites(
    "beauty",
    ("beautiful gorgeous pretty", "ravishing picturesque radiant"),
    ("ugly drab", "dingy garish unsightly"),
)

# Aspect -> its noun, and the opinions one may have of it.
ASPECTS: dict[str, tuple[Family, Opinions]] = {
    name: (_neutral(name, *nouns), Opinions(mild, _EXTREME))
    for name, nouns, mild in (
        ("film", ("film movie", "picture feature"), _INTEREST),
        ("plot", ("plot story", "storyline narrative"), _INTEREST),
        ("acting", ("acting cast", "ensemble"), _BELIEF),
        ("humour", ("humour comedy", "banter repartee"), _HUMOUR),
        ("camera", ("photography scenery", "cinematography imagery"), _BEAUTY),
        ("music", ("music score", "soundtrack"), _BEAUTY),
        ("script", ("script dialogue", "screenplay"), _QUALITY),
        ("ending", ("ending", "finale conclusion denouement"), _QUALITY),
        ("directing", ("directing direction", "staging"), _QUALITY),
    )
}

# The whole film may also be judged as "it is a good film", which takes opinions of its own.
WHOLE = "film"
WHOLE_OPINIONS = Opinions(_QUALITY, _EXTREME)
THING = _neutral("thing", "film movie", "picture feature")
THIS = _neutral("this", "it this", "that")
SPEAKER = _neutral("speaker", "i we", "")

COPULA = _neutral("copula", "is was", "seems feels")
BE = _neutral("be", "is was", "")
PLAIN_DEGREE = _neutral("plain degree", "very really", "truly remarkably decidedly exceedingly")
STRONG_DEGREE = _neutral("strong degree", "absolutely simply", "utterly downright wholly")
NEGATED_DEGREE = _neutral("negated degree", "very really particularly", "especially notably overly")
MANNER = _neutral("manner", "really truly", "thoroughly genuinely wholeheartedly")
NEGATED_MANNER = _neutral("negated manner", "really particularly", "especially truly much")

NOT = _neutral("not", "not", "never")
NOT_ALONE = _neutral("not alone", "not", "never hardly scarcely")
NEGATORS = frozenset(NOT_ALONE.words)

VERBS = _opposites(
    "verb", ("enjoyed loved", "adored relished savoured"), ("disliked hated", "loathed detested abhorred")
)
LIKING = _family("liking", POSITIVE, "like enjoy", "relish savour appreciate")

BUT = _neutral("but", "but", "yet")
ALTHOUGH = _neutral("although", "although though", "while whilst")
ALTHOUGH_AFTER = _neutral("although after", "although though", "")

# Distractors say nothing of the film. In train each half leans towards a label, and a model may learn to trust them.
DISTRACTORS: tuple[tuple[str, Family, str], ...] = (
    ("we saw it on a", _neutral("day", "friday saturday sunday", "monday tuesday wednesday"), ""),
    ("it was filmed in", _neutral("country", "norway canada portugal", "poland chile kenya"), ""),
    ("my", _neutral("relative", "brother uncle father", "sister aunt mother"), "chose it"),
    ("it runs for", _neutral("length", "eighty ninety", "seventy sixty"), "minutes"),
    ("we had", _neutral("food", "tea coffee water", "soup bread pasta"), "before it"),
    ("i wore a", _neutral("colour", "blue red green", "grey black orange"), "coat"),
    ("the cinema stands near the", _neutral("town", "station park river", "market bridge harbour"), ""),
    ("it opened in", _neutral("month", "april may june", "october november december"), ""),
)

FAMILIES: tuple[Family, ...] = (
    *(noun for noun, _ in ASPECTS.values()),
    *(
        family
        for table in (_QUALITY, _EXTREME, _INTEREST, _BELIEF, _HUMOUR, _BEAUTY, VERBS)
        for family in table.values()
    ),
    *(THING, THIS, SPEAKER, COPULA, BE, PLAIN_DEGREE, STRONG_DEGREE, NEGATED_DEGREE, MANNER),
    *(NEGATED_MANNER, NOT, NOT_ALONE, LIKING, BUT, ALTHOUGH, ALTHOUGH_AFTER),
    *(family for _, family, _ in DISTRACTORS),
)

SIGNS: dict[str, int] = {word: family.sign for family in FAMILIES for word in family.words}
