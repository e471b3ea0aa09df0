"""The words that carry grammar and no matter, left out of the index and of questions: English and Arabic.

Closed classes alone: articles, pronouns, prepositions, auxiliaries, question words. "us" is missing because "US" is a
country, "can" because cans exist too, but "cannot" is here. The Arabic ones are written as `analysis` folds them.
"""

from typing import Final

_ENGLISH: Final = """
    a about above after again against all am an and any are aren as at be because been before being below between both
    but by cannot could couldn d did didn do does doesn doing don down during each few for from further had hadn has
    hasn have haven having he her here hers herself him himself his how i if in into is isn it its itself just ll m me
    more most mustn my myself no nor not now of off on once only or other our ours ourselves out over own re s same
    shan she should shouldn so some such t than that the their theirs them themselves then there these they this those
    through to too under until up ve very was wasn we were weren what when where which while who whom why will with won
    would wouldn you your yours yourself yourselves
    """

_ARABIC: Final = """
    من في علي الي عن مع او ام ثم بل لا لم لن ما هل كيف متي اين لماذا ماذا كم اي ايه هو هي هم هن هما انا نحن انت انتم
    هذا هذه هولا ذلك تلك الذي التي الذين اللذان اللتان اللاتي ان انه انها انهم كان كانت كانوا يكون تكون قد لقد سوف
    كل بعض غير بين عند عندما حين حيث اذا لو لولا حتي منذ خلال بعد قبل فوق تحت لدي لدينا لديك له لها لهم لي لك لنا به
    بها بهم فيه فيها فيهم منه منها منهم عليه عليها عليهم اليه اليها كما لكن ولكن ايضا كذلك هناك هنا لان لانه لانها الا
    انما كي لكي يا
    """

ENGLISH: Final = frozenset(_ENGLISH.split())
ARABIC: Final = frozenset(_ARABIC.split())
