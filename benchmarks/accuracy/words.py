"""Which words do names consist of? The same lists for honest and dishonest people alike."""

from random import Random

FIRST = (
    "adam anna bella ben carla chris dora elena emil fay gus hana ivan jan jill kurt lara leo "
    "max mila nora "
    "olaf omar otto pam paul pia rolf ruth sue sven tina tom uma vera vic wendy yan yusuf zed zoe"
).split()
LAST = (
    "abel adler berg brook crane dahl drake eder frost gale hyde irwin jonas kemp klein lind "
    "lowe lund marsh "
    "moss nash novak oakes papas price quill reed rossi roy stein stone thorn usher vance vries "
    "wolf york"
).split()
THING = (
    "anchor apple barrel basket beacon bridge candle canvas castle cedar clover copper cotton "
    "ember falcon felt "
    "garden glass granite hammer harbor hazel island ivory kettle lantern linen maple marble "
    "meadow mill needle "
    "oak orchard paper pepper pillar quarry raven ribbon river saddle salt shell silver spindle "
    "stone thistle "
    "timber tulip velvet violet walnut water willow window wool yarrow"
).split()
TRADE = (
    "bank board books care cargo clinic club data desk farm foods freight group guild hall "
    "hosting house labs "
    "lines mail market media motors music net office parts pharm post press school shop shipping "
    "soft store "
    "studio supply tech tours trade union works"
).split()
ENDING = ("example", "test")
POOLS = "dsl cable fiber mobile dial cust pool dyn".split()
MACHINES = "pc laptop desktop win note host box".split()


def seeded(seed: int | str) -> Random:
    """Drawing that can be repeated; nothing here is a secret."""
    return Random(seed)  # noqa: S311
