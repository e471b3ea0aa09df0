"""Holding arguments to a JSON Schema (Draft 2020-12) that somebody else wrote, at bounded cost.

A schema comes from a company or from an MCP server, the arguments from a model, and the check runs on the event loop.
So nothing is fetched (`$ref` stays within the schema), patterns run on RE2, which cannot backtrack, and a check that
takes too many steps is given up.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from itertools import islice
from typing import Any, Final

import re2
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

MAX_STEPS: Final = 5000
"""Keywords that one check may look at; a usual schema takes some dozens, and this many some 60 ms."""
MAX_FAULTS: Final = 5
"""Faults that a model is told at a time."""
_MAX_WORDS: Final = 160

_NAME: Final = re.compile(r"[\w.\-]{1,40}")

_steps: ContextVar[Iterator[int]] = ContextVar("steps")


class TooCostly(Exception):
    """The check was given up."""


def faults(schema: Mapping[str, Any], value: Any) -> list[str]:
    """Return what is wrong with a value by a schema, in short words; empty when nothing is.

    Values themselves are never repeated: they may be personal.

    Raises:
        TooCostly: the check takes too long, nests too deeply, or the schema refers to what it does not hold.
    """
    token = _steps.set(iter(range(MAX_STEPS)))
    try:
        found = _Validator(schema, registry=Registry()).iter_errors(value)
        return [_words(error) for error in islice(found, MAX_FAULTS)]
    except (RecursionError, Unresolvable) as error:
        raise TooCostly from error
    finally:
        _steps.reset(token)


def _counted(check: Callable[..., Any]) -> Callable[..., Iterator[ValidationError]]:
    def step(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if next(_steps.get(), None) is None:
            raise TooCostly
        yield from check(validator, wanted, instance, schema) or ()

    return step


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError("does not have the form that is asked for")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], instance: Any, _: Any
) -> Iterator[ValidationError]:
    if not isinstance(instance, Mapping):
        return
    for pattern, subschema in patterns.items():
        for name, value in instance.items():
            if _matches(pattern, name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern occurs; one that RE2 cannot read (look-around) hinders nobody: the tool checks as well."""
    try:
        return re2.search(pattern, text, _QUIET) is not None
    except (re2.error, UnicodeError):
        return True


_QUIET: Final = re2.Options()
_QUIET.log_errors = False
_QUIET.max_mem = 1 << 20
_OWN: Final = {"pattern": _pattern, "patternProperties": _pattern_properties}
_Validator: Final = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {name: _counted(check) for name, check in {**Draft202012Validator.VALIDATORS, **_OWN}.items()},
)


def _words(error: ValidationError) -> str:
    place = ".".join(str(part) if _NAME.fullmatch(str(part)) else "?" for part in error.absolute_path)
    return f"{place or 'the arguments'}: {_reason(error)}"[:_MAX_WORDS]


def _reason(error: ValidationError) -> str:
    """Return why a value is refused, from what the schema asks for."""
    wanted: Any = error.validator_value
    instance: Any = error.instance
    match error.validator:
        case "required":
            missing = [name for name in wanted if name not in instance]
            return f"is missing {', '.join(map(str, missing))}"
        case "type":
            return f"must be of type {wanted if isinstance(wanted, str) else ' or '.join(map(str, wanted))}"
        case "enum":
            return f"must be one of {', '.join(str(choice) for choice in wanted)}"
        case "const":
            return f"must be {wanted}"
        case "additionalProperties" | "unevaluatedProperties":
            return "holds a name that the tool does not know"
        case "pattern":
            return "does not have the form that is asked for"
        case _:
            return f"does not keep {error.validator} {wanted if isinstance(wanted, int | float | str) else ''}".strip()
