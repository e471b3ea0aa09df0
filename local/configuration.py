"""All settings classes of the product, in the order of its documentation: the core's and the knowledge base's."""

from typing import Final

from core import settings
from knowledge import settings as knowledge_settings

GROUPS: Final = (*settings.ALL, *knowledge_settings.ALL)
