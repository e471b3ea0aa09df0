"""Words that users and help pages of software say for the same thing, so that “log in” finds “Sign in”.

Written by hand, English and Arabic: static word vectors put “turn on” next to “turn off” and “import” next to “export”,
and “log in” far from “sign in” (docs/decisions/0009-retrieval.md). A group holds words that may stand for each other in
any question about a product: no opposites, nothing that is the same for some products alone (account and workspace),
and no word whose stem has another meaning (خطة, “plan”, has that of خط, “font”). Arabic groups hold broken plurals too,
whose stems differ from those of their singulars. Citations have a list of their own (`knowledge.citations.lexicon`):
to be found asks less than to be proved. Pure.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from knowledge.retrieval.analysis import stems

GROUPS: Final = (
    # people
    "colleague coworker workmate teammate member",
    "admin administrator",
    "permission privilege",
    # what is done
    "delete remove erase",
    "change edit modify update",
    "buy purchase",
    "disable deactivate",
    "connect integrate",
    "import upload",
    "export download",
    "refuse reject",
    "forget forgot forgotten",
    # money
    "price cost pricing fee",
    "plan subscription",
    "invoice bill receipt",
    "refund reimburse reimbursement",
    # things
    "phone telephone cellphone smartphone",
    "email mail",
    "key token",
    "picture photo image",
    "notification alert",
    "spreadsheet excel xls xlsx",
    "outage downtime",
    "summary digest",
    # Arabic words
    "زميل زملاء عضو اعضاء شخص اشخاص",
    "مسؤول مدير مشرف مدراء",
    "دخول ولوج",
    "سر مرور",
    "هاتف جوال موبايل",
    "بريد ايميل",
    "حذف ازالة",
    "تغيير تعديل",
    "فقدت اضعت فقدان ضياع ضاع",
    "سعر اسعار ثمن تكلفة كلفة",
    "مبلغ مال اموال فلوس",
    "اشتراك باقة",
    "استرداد استرجاع",
    "تفعيل تشغيل",
    "تعطيل ايقاف",
    # Arabic plurals
    "فاتورة فواتير",
    "دور ادوار",
    "تقرير تقارير",
    "صف صفوف",
    "عمود اعمدة",
    "رمز رموز",
    "مفتاح مفاتيح",
    "عنوان عناوين",
    "حرف حروف",
    "رسالة رسائل",
)
_PHRASES: Final = (
    (r"(?:log|sign)(?:s|ged|ed|ging|ing)?[ -]?(?:back )?(?:in|on|into)", "signin", "sign log login logon"),
    (r"(?:log|sign)(?:s|ged|ed|ging|ing)?[ -]?(?:out|off)", "signout", "sign log logout logoff"),
    (r"sign(?:s|ed|ing)?[ -]?up", "signup", "sign signup register"),
    (r"(?:two|2)[ -]?(?:step|factor)|2fa|mfa", "twostep", "two step factor twofactor 2fa mfa"),
    (r"turn of(?= \w)", "turn off", ""),
    (r"(?:get|gets|getting|got) rid of", "delete", ""),
    (r"money back", "refund", ""),
    (r"switch(?:es|ed|ing)?(?= o(?:n|ff)\b| (?:\w+[ -]){1,4}o(?:n|ff)\W*$)", "turn", ""),
)
"""What is said in several words: how, the word that stands for it, and the stems of which an index holds some."""
_PHRASE: Final = re.compile(
    "|".join(rf"\b(?P<p{at}>{how})\b" for at, (how, _, _) in enumerate(_PHRASES)), re.IGNORECASE
)


def rewritten(text: str) -> str:
    """Return a text in which what is said in several words is said in one: “log in”, “signing in” as “signin”."""
    return _PHRASE.sub(lambda found: _PHRASES[int((found.lastgroup or "p0")[1:])][1], text)


@lru_cache(maxsize=1)
def same_words() -> dict[str, frozenset[str]]:
    """Return, by stem, the other stems that say the same."""
    return _by_stem(frozenset(stems(group, "en")) for group in GROUPS)


@lru_cache(maxsize=1)
def near_words() -> dict[str, frozenset[str]]:
    """Return, by stem, the other stems by which to look for it in an index: those that say the same, and the parts of a
    word that stands for several."""
    parts = {word: frozenset(stems(others, "en")) - {word} for _, word, others in _PHRASES if others}
    return {**same_words(), **parts}


def _by_stem(groups: Iterable[frozenset[str]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for group in groups:
        found |= {stem: found.get(stem, frozenset()) | group - {stem} for stem in group}
    return found
