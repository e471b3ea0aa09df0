"""Notices sentences that ask a reader for a secret and name a place to leave it, as a page that fishes for them does.

"Paste the key into the field API key" is help; "paste the key at some.example" is not ours to repeat, whoever wrote it.
Refused are sentences with all three: a verb of handing over, a secret, and a link, domain, address or number of a
telephone. They are neither quoted nor proof of anything. A rule by words, in English and Arabic: other words get round
it, as does a place named in another sentence.
"""

import re
import unicodedata
from typing import Final

from core.links import LINK
from knowledge.citations.instructions import visible
from knowledge.citations.lexicon import DIACRITICS, LETTERS

ASKS_FOR_SECRETS: Final = "asks_for_secrets"
"""Why such a sentence was refused, in a receipt."""
MAX_READ: Final = 4000

_HAND_OVER: Final = re.compile(
    r"\b(?:sen[dt]|past|typ|enter|input|insert|key in|read|e-?mail|mail|giv|shar|tell|call|phon|telephon|ring|dial|"
    r"text|sms|whatsapp|fax|messag|submit|upload|provid|fill|forward|post|put|writ|dictat|repl|respond|confirm|verif|validat|"
    r"drop|hand|suppl|disclos|reveal|leav|contact|sign[ -]?in|log[ -]?in|authenticat|use|spell|say)"
    r"(?:e|y|t|s|es|ies|ied|ed|d|ing|ting|ping|ling)?\b|"
    r"رسل|ارسال|لصق|كتب|دخل|دخال|قرا|اعط|شارك|خبر|تصل|اتصال|هاتف|زود|قدم|ضع|كد|سجل|مرر|راسل|بلغ|ابلاغ|املا|سلم|كشف"
)
_SECRET: Final = re.compile(
    r"\b(?:pass[ -]?(?:words?|phrases?|codes?|keys?)|pwd|pins?|credentials?|keys?|tokens?|secrets?|codes?|otps?|2fa|"
    r"mfa|cards?|cvv2?|cvc|iban|account numbers?|bank details|ssn|social security|(?:seed|recovery) phrases?|mnemonic|"
    r"log-?ins?|(?:log|sign)-?in (?:details|data))\b|"
    r"كلم(?:ة|ات) (?:ال)?(?:سر|مرور)|مفتاح|مفاتيح|رمز|رموز|كود|اكواد|بطاق|سري|توكن|ايبان|"
    r"بيانات (?:الدخول|الاعتماد|حساب)"
)
_ELSEWHERE: Final = re.compile(
    r"[^\s@]{1,64}@[^\s@]{1,250}\.\w{2,}|(?<!\w)@\w{3,}|"  # an address of e-mail, a name in a messenger
    r"\+ ?\d[\d ()./\-]{2,}|(?<![\w.])(?!\d{4}-\d\d-\d\d\b)\(?\d[\d ()./\-]{5,}\d|"  # a number of a telephone
    r"\b1?-?8\d\d-[a-z]{3,}|\b\d{1,3}(?:\.\d{1,3}){3}\b|"  # one in letters, an address of a machine
    r"(?<![\w@])(?:[\w\-]{1,63}\.){1,8}(?:شبكه|شبكة|موقع|السعودية|امارات|مصر|قطر|المغرب|تونس|عمان)(?!\w)"
)
_ANY_DOMAIN: Final = re.compile(
    r"(?<![\w@])(?:[^\W_](?:[\w\-]{0,62})\.){1,8}"
    r"(?!(?:csv|xlsx?|docx?|pdf|txt|md|json|ya?ml|xml|html?|png|jpe?g|gif|svg|zip|py|js|ts|sh|env|log|pem|key)\b)"
    r"[a-z][a-z0-9\-]{1,40}\b"
)
"""Wider than a link: whatever has the form of a domain and is no file, since a verb and a secret stand beside it."""
_WRITTEN_OUT: Final = (
    (re.compile(r"\s*[\[({]\s*(?:\.|dot|نقطة)\s*[\])}]\s*| dot "), "."),
    (re.compile(r"\s*[\[({]\s*(?:@|at)\s*[\])}]\s*"), "@"),
    (re.compile("[。｡]"), "."),
)
"""Ways to write an address so that no program takes it for one."""


def asks_for_secrets(text: str) -> bool:
    """Tell whether a sentence asks its reader to leave a password, key, code or card at a place that it names."""
    text = _in_one_form(text[:MAX_READ])
    if not (_SECRET.search(text) and _HAND_OVER.search(text)):
        return False
    return any(place.search(text) for place in (LINK, _ELSEWHERE, _ANY_DOMAIN))


def _in_one_form(text: str) -> str:
    text = unicodedata.normalize("NFKC", visible(text)).casefold()
    text = " ".join(DIACRITICS.sub("", text.translate(LETTERS)).replace("*", "").replace("`", "").split())
    for written, meant in _WRITTEN_OUT:
        text = written.sub(meant, text)
    return text
