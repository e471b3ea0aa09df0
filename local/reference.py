"""The reference of all settings, generated from their classes so that it cannot fall behind them."""

from collections.abc import Iterator
from typing import Any

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from local.configuration import GROUPS

_HEAD = """# Configuration

Every setting is an environment variable; a `.env` file in the working directory is read too. A wrong value stops the
start with one line that names the variable. This page is generated: `make docs`.
"""


def settings_table() -> str:
    """Return the reference as Markdown, one table per settings class."""
    return _HEAD + "".join(_section(group) for group in GROUPS)


def _section(group: type[BaseSettings]) -> str:
    rows = "\n".join(_rows(group))
    title = (group.__doc__ or "").splitlines()[0].rstrip(".")
    return f"\n## {title}\n\n| variable | default | meaning |\n|---|---|---|\n{rows}\n"


def _rows(group: type[BaseSettings]) -> Iterator[str]:
    for name, field in group.model_fields.items():
        yield f"| {_names(name, field)} | {_default(field)} | {(field.description or '').replace('|', chr(92) + '|')} |"


def _names(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    choices = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [name.upper()]
    return " or ".join(f"`{choice}`" for choice in choices)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.default
    if value is None or isinstance(value, SecretStr):
        return "–"
    return (
        f"`{','.join(value) if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else value}`"
    )
