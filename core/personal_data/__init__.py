"""Personal data and secrets in texts: where they are, by shape, checksum and the words beside them. Pure.

One set of patterns serves both who masks for good (`core.redaction`: logs) and who masks reversibly
(`core.pseudonyms`: what a model reads). What has a shape is found: addresses of e-mail, phone numbers, cards, IBANs,
IP addresses, numbers of documents, keys, tokens, passwords. Names of people and places have none and are not.
"""

from core.personal_data.configured import CompiledPattern, compile_pattern
from core.personal_data.finding import Span, find

__all__ = ["CompiledPattern", "Span", "compile_pattern", "find"]
