"""The knowledge base: its sources, what became of reading them, and search."""

from typing import Final

from fastapi import APIRouter

SOURCES_PATH: Final = "/api/v1/knowledge/sources"
FORM_BYTES: Final = 65_536
"""What a form may hold beside its file."""

router = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"])
