"""Words that British and American English spell differently and that mean one thing in both."""

from __future__ import annotations

import re
from collections.abc import Mapping

from robustlab.contrastive.texts.wording.pieces import like

# British ending, American ending, and the stems that take them.
_STEMS: tuple[tuple[str, str, str], ...] = (
    (
        "our",
        "or",
        "arm behavi clam col endeav fav flav harb hon hum lab neighb od rum sav splend tum val vig",
    ),
    ("ise", "ize", "apolog author categor character civil critic emphas fantas maxim memor minim modern organ public "
     "real recogn special stabil summar symbol sympath visual util"),
    ("ising", "izing", "apolog author categor character critic emphas organ real recogn special summar sympath"),
    ("isation", "ization", "author civil organ real special visual"),
    ("yse", "yze", "anal paral"),
    ("ysing", "yzing", "anal paral"),
    ("lled", "led", "cance labe leve marve mode quarre signa trave tota"),
    ("lling", "ling", "cance labe leve marve mode quarre signa trave tota"),
    ("ller", "ler", "jewe mode trave"),
    ("tre", "ter", "cen lus spec thea"),
    ("ence", "ense", "def off pret"),
)  # fmt: skip
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "our": ("", "s", "ed", "ing", "ful", "less", "able", "ite", "ites", "ably"),
    "ise": ("", "s", "d", "r", "rs"),
    "yse": ("", "s", "d"),
    "ller": ("", "s"),
    "tre": ("", "s"),
    "ence": ("", "s"),
}
_SINGLE = """
grey/gray greyer/grayer mould/mold mouldy/moldy plough/plow pyjamas/pajamas aluminium/aluminum cosy/cozy
moustache/mustache ageing/aging aeroplane/airplane manoeuvre/maneuver sceptic/skeptic sceptical/skeptical
scepticism/skepticism marvellous/marvelous woollen/woolen jewellery/jewelry skilful/skillful fulfil/fulfill
enrol/enroll wilful/willful instalment/installment fibre/fiber calibre/caliber sombre/somber meagre/meager
catalogue/catalog anaesthetic/anesthetic encyclopaedia/encyclopedia paediatric/pediatric mediaeval/medieval
likeable/likable sizeable/sizable unfavourable/unfavorable dishonour/dishonor discolour/discolor
defenceless/defenseless
"""


def _pairs() -> dict[str, str]:
    held: dict[str, str] = {}
    for pair in _SINGLE.split():
        british, american = pair.split("/")
        held[british] = american
    for british, american, stems in _STEMS:
        for ending in _ENDINGS.get(british, ("",)):
            held |= {f"{stem}{british}{ending}": f"{stem}{american}{ending}" for stem in stems.split()}
    return held


AMERICAN: Mapping[str, str] = _pairs()
"""British spelling -> American, lower case."""
BRITISH: Mapping[str, str] = {american: british for british, american in AMERICAN.items()}
"""American spelling -> British, lower case."""

_WORD = re.compile(r"[^\W\d_]+")


def american(text: str) -> str:
    """The text in American spelling."""
    return _spelt(text, AMERICAN)


def british(text: str) -> str:
    """The text in British spelling."""
    return _spelt(text, BRITISH)


def _spelt(text: str, spellings: Mapping[str, str]) -> str:
    def written(found: re.Match[str]) -> str:
        word = found.group()
        return like(spellings[word.lower()], word) if word.lower() in spellings else word

    return _WORD.sub(written, text)
