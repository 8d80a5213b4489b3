"""The one table of expressions: order, colours, and the names other data sets give them.

Everything that needs a class index, a class name or a class colour imports it from here.
"""

from typing import NamedTuple


class Expression(NamedTuple):
    """One class of FER2013: its name, its colour on screen and the other names it goes by."""

    name: str
    colour: str  # hex; Okabe and Ito's palette, told apart by colour-blind people
    aliases: tuple[str, ...]


# The order is FER2013's: the row number is the class index.
EXPRESSIONS = (
    Expression("angry", "#D55E00", ("anger", "0")),
    Expression("disgust", "#009E73", ("disgusted", "1")),
    Expression("fear", "#CC79A7", ("fearful", "afraid", "2")),
    Expression("happy", "#E69F00", ("happiness", "joy", "3")),
    Expression("sad", "#0072B2", ("sadness", "4")),
    Expression("surprise", "#56B4E9", ("surprised", "5")),
    Expression("neutral", "#7F7F7F", ("neutrality", "calm", "6")),
)

LABELS = tuple(expression.name for expression in EXPRESSIONS)
UNSURE = "unsure"  # stands beside LABELS in counts: a face for which the model names two expressions
COLOURS = {expression.name: expression.colour for expression in EXPRESSIONS}
ID2LABEL = dict(enumerate(LABELS))
LABEL2ID = {name: index for index, name in ID2LABEL.items()}
LABEL_OF_NAME = {alias: e.name for e in EXPRESSIONS for alias in (e.name, *e.aliases)}

# FER+ (Barsoum et al., 2016): ten taggers' votes a face, in the order of its CSV. The last three have no FER2013 class.
FERPLUS_COLUMNS = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "nf",
)
# Column of FERPLUS_COLUMNS that holds the votes for each of LABELS.
FERPLUS_INDEX = tuple(
    next(i for i, column in enumerate(FERPLUS_COLUMNS) if LABEL_OF_NAME.get(column) == name) for name in LABELS
)
