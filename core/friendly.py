"""Names of tasks that a person can say aloud, such as “calm-otter-4821”, made from the task's id.

The same id always gives the same name. Some thirty million names are enough to tell a company's recent tasks apart,
not all that it will ever have: whoever looks a name up takes the latest task that bears it.
"""

from hashlib import sha256
from typing import Final

_ADJECTIVES: Final = tuple(
    """able bold brave brief bright brisk broad calm candid clear clever cosy crisp daring deft eager early easy even
    fair fast fine firm fleet fond fresh gentle glad golden good grand green happy hardy honest humble keen kind lively
    loyal lucid mellow merry mild modest neat nimble noble patient plain polite prompt proud quick quiet ready sharp
    shiny smart snug solid steady""".split()  # noqa: SIM905 - a list would take four times the room
)
_ANIMALS: Final = tuple(
    """badger bear beaver bee bison camel cat crane cricket deer dolphin dove duck eagle falcon finch fox gecko goose
    hare hawk hedgehog heron horse ibex jay koala lark lemur lion llama lynx magpie mole moose moth newt orca oriole
    osprey otter owl panda parrot pelican penguin pony puffin quail rabbit raven robin salmon seal sparrow squirrel
    stork swan tiger turtle walrus whale wolf wren""".split()  # noqa: SIM905
)
_NUMBERS: Final = 9000


def friendly_id(task_id: str) -> str:
    """Return the name of a task, for the id as it is written: two words and four digits, none of them leading zeros."""
    number = int.from_bytes(sha256(task_id.encode()).digest()[:8])
    number, adjective = divmod(number, len(_ADJECTIVES))
    number, animal = divmod(number, len(_ANIMALS))
    return f"{_ADJECTIVES[adjective]}-{_ANIMALS[animal]}-{1000 + number % _NUMBERS}"
