"""Pairs of opposites, by hand: common adjectives, adverbs, verbs and a few nouns, each form beside its like."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Words that mean other things as often ("left", "right", "well", "like", "kind", "mean") are left out on purpose.
_ADJECTIVES = """
good/bad better/worse best/worst great/terrible excellent/awful wonderful/horrible superb/dreadful brilliant/abysmal
happy/sad happier/sadder cheerful/gloomy funny/humourless amusing/tiresome witty/witless clever/stupid smart/dumb
wise/foolish interesting/boring engaging/tedious gripping/dull exciting/unexciting lively/lifeless fresh/stale
original/derivative beautiful/ugly attractive/repulsive lovely/hideous charming/charmless
convincing/unconvincing believable/unbelievable plausible/implausible realistic/unrealistic credible/incredible
strong/weak stronger/weaker powerful/powerless big/small bigger/smaller large/tiny larger/littler
long/short tall/short taller/shorter high/low higher/lower deep/shallow deeper/shallower wide/narrow
wider/narrower thick/thin thicker/thinner broad/narrow heavy/light heavier/lighter fast/slow faster/slower
quick/slow rapid/sluggish early/late earlier/later new/old newer/older young/old younger/older modern/ancient
hot/cold hotter/colder warm/cool warmer/cooler wet/dry dark/bright darker/brighter clean/dirty cleaner/dirtier
hard/soft harder/softer rough/smooth sharp/blunt tight/loose full/empty fuller/emptier rich/poor richer/poorer
cheap/expensive cheaper/dearer valuable/worthless useful/useless easy/difficult easier/harder simple/complicated
possible/impossible likely/unlikely clear/unclear obvious/obscure known/unknown
true/false correct/incorrect accurate/inaccurate honest/dishonest sincere/insincere fair/unfair
safe/dangerous safer/riskier healthy/ill alive/dead calm/agitated quiet/loud quieter/louder silent/noisy
polite/rude friendly/hostile generous/stingy gentle/harsh kind-hearted/cruel brave/cowardly proud/ashamed
patient/impatient careful/careless responsible/irresponsible reliable/unreliable famous/obscure popular/unpopular
successful/unsuccessful effective/ineffective efficient/inefficient important/unimportant necessary/unnecessary
relevant/irrelevant legal/illegal moral/immoral natural/artificial normal/abnormal regular/irregular usual/unusual
common/rare public/private open/closed visible/invisible positive/negative optimistic/pessimistic
active/passive guilty/innocent male/female married/unmarried pleasant/unpleasant satisfying/unsatisfying
satisfied/dissatisfied pleased/displeased memorable/forgettable coherent/incoherent tasteful/tasteless
sweet/bitter delicious/disgusting fortunate/unfortunate lucky/unlucky willing/unwilling able/unable northern/southern
eastern/western major/minor maximum/minimum permanent/temporary perfect/flawed equal/unequal similar/different
"""
_ADVERBS = """
often/rarely always/never quickly/slowly rapidly/slowly easily/hardly happily/sadly loudly/quietly
badly/nicely carefully/carelessly successfully/unsuccessfully fortunately/unfortunately luckily/unluckily
everywhere/nowhere inside/outside above/below more/less most/least many/few together/apart forwards/backwards
upstairs/downstairs increasingly/decreasingly intentionally/accidentally correctly/incorrectly clearly/unclearly
"""
_VERBS = """
love/hate loves/hates loved/hated adore/loathe adores/loathes adored/loathed enjoy/dislike enjoys/dislikes
enjoyed/disliked relish/detest relishes/detests relished/detested praise/criticise praises/criticises
praised/criticised recommend/condemn recommends/condemns recommended/condemned admire/despise admires/despises
admired/despised succeed/fail succeeds/fails succeeded/failed win/lose wins/loses won/lost gain/forfeit
gains/forfeits gained/forfeited rise/fall rises/falls increase/decrease increases/decreases
increased/decreased improve/worsen improves/worsens improved/worsened began/ended start/finish
starts/finishes started/finished opens/closes opened/closed buy/sell buys/sells bought/sold
lend/borrow lends/borrows lent/borrowed push/pull pushes/pulls pushed/pulled accept/reject
accepts/rejects accepted/rejected agree/disagree agrees/disagrees agreed/disagreed allow/forbid allows/forbids
allowed/forbade remember/forget remembers/forgets remembered/forgot arrive/depart arrives/departs arrived/departed
include/exclude includes/excludes included/excluded create/destroy creates/destroys created/destroyed
attack/defend attacks/defends attacked/defended deny/admit denies/admits denied/admitted hide/reveal hides/reveals
hid/revealed trust/distrust trusts/distrusts trusted/distrusted strengthen/weaken strengthens/weakens
strengthened/weakened approve/disapprove approves/disapproves approved/disapproved
"""
_NOUNS = """
success/failure victory/defeat friend/enemy friends/enemies beginning/ending strength/weakness strengths/weaknesses
advantage/disadvantage advantages/disadvantages profit/loss profits/losses hope/despair joy/sorrow love/hatred
winner/loser winners/losers hero/villain heroes/villains masterpiece/failure delight/disappointment
truth/falsehood peace/war
"""


def _read(*tables: str) -> Mapping[str, tuple[str, ...]]:
    opposites: dict[str, tuple[str, ...]] = {}
    for pair in " ".join(tables).split():
        one, other = pair.split("/")
        for word, opposite in ((one, other), (other, one)):
            opposites[word] = (*opposites.get(word, ()), opposite)
    return MappingProxyType(opposites)


OPPOSITES: Mapping[str, tuple[str, ...]] = _read(_ADJECTIVES, _ADVERBS, _VERBS, _NOUNS)
"""Word -> its opposites, lower case."""
