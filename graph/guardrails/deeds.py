"""Whether a sentence claims that the agent did something, or will do it, and whether a tool of this turn carries that.

“I have created the ticket” is a lie where nothing was created, and the user stops looking for help. What documents say
(“the invitation is sent”), what users do (“press Save, and you are done”), conditions and offers are no such claims.
English and Arabic, by words; texts are folded. Pure, and cheap: it is asked for each sentence while it is written.
"""

import re
from collections.abc import Sequence
from typing import Final

from graph.folding import fold
from graph.talk import ToolResult

_DONE: Final = (
    r"(?:created|opened|raised|filed|logged|submitted|sent|forwarded|passed|escalated|notified|informed|alerted|told|"
    r"contacted|called|asked|changed|updated|edited|set|reset|renamed|moved|removed|deleted|cancell?ed|closed|refunded|"
    r"credited|charged|booked|reserved|ordered|placed|scheduled|arranged|upgraded|downgraded|extended|renewed|"
    r"(?:de|re)?activated|enabled|disabled|unlocked|(?:un)?blocked|granted|revoked|assigned|added|invited|imported|"
    r"exported|uploaded|synced|(?:dis)?connected|linked|installed|configured|fixed|repaired|resolved|solved|corrected|"
    r"restored|processed|completed|finished|approved|applied|issued|generated|confirmed|verified|saved|stored|"
    r"recorded|registered|(?:un)?subscribed|merged|restarted|switched|turned (?:on|off)|transferred|done|"
    r"taken care of)"
)
_DO: Final = (
    r"(?:create|open|raise|file|log|submit|send|forward|pass|escalate|notify|inform|alert|contact|call|change|update|"
    r"reset|rename|remove|delete|cancel|close|refund|credit|book|reserve|order|place|schedule|arrange|upgrade|"
    r"downgrade|extend|renew|activate|enable|disable|unlock|unblock|grant|assign|add|invite|import|fix|resolve|restore|"
    r"process|approve|apply|issue|register|transfer|connect you|follow up|get back to)"
)
_DOING: Final = (
    r"(?:creating|opening|filing|submitting|sending|forwarding|passing|escalating|notifying|contacting|changing|"
    r"updating|resetting|removing|deleting|cancell?ing|refunding|booking|ordering|adding|fixing|processing|activating|"
    r"enabling|disabling|transferring|connecting you)"
)
_SOON: Final = r"(?:(?:just|already|now|also|then|successfully|gladly|gone ahead and|go ahead and) )*"
_OWN: Final = re.compile(
    rf"\b(?:i|we)(?:'ve| have)? {_SOON}{_DONE}\b"
    rf"|\b(?:i'm|i am|we're|we are) {_SOON}{_DOING}\b"
    rf"|\b(?:(?:i|we)(?:'ll| will| shall)|(?:i'm|i am|we're|we are) going to|let me) {_SOON}{_DO}\b"
    rf"|\b(?:your|the|an?|our|this|that|it|everything)(?: [\w-]+){{0,3}}? ha(?:s|ve) {_SOON}been {_SOON}{_DONE}\b"
    rf"|\b(?:your|the|a)(?: [\w-]+)? (?:ticket|refund|order|booking|request|cancellation) was {_SOON}{_DONE}\b"
    rf"|^(?:support )?ticket (?:created|opened)\b"
    r"|\b(?:لقد |وقد |قد )?قمت ب|\bقمنا ب"
    r"|\b(?:تم|تمت) (?:ال)?(?:انشاء|فتح|ارسال|حذف|الغاء|تغيير|تحديث|تعديل|اضافه|دعوه|تفعيل|تعطيل|ربط|استيراد|حجز|طلب|"
    r"تسجيل|تحويل|احاله|ابلاغ|اخطار|اعلام|اعاده|استرداد|استرجاع|رد|حل|اصلاح|اغلاق|رفع|تقديم|معالجه|تمديد|تجديد|ترقيه|"
    r"منح|سحب|حفظ|تنفيذ)"
    r"|\b(?:انشات|فتحت|ارسلت|الغيت|غيرت|حدثت|حذفت|اضفت|ابلغت|اخبرت|سجلت|حولت|احلت|فعلت|عطلت|حجزت|اصلحت|رفعت|دعوت)\b"
    r"|\b(?:ساقوم|سنقوم|سافتح|سانشئ|سانشي|سارسل|سالغي|ساغير|ساحدث|ساحذف|ساضيف|سابلغ|ساخبر|ساسجل|ساحول|ساحيل|ساتواصل|"
    r"سافعل|ساعطل|ساحجز|ساصلح|سنفتح|سننشئ|سننشي|سنرسل|سنلغي|سنبلغ|سنتواصل)\b"
)
_FINISHED: Final = re.compile(
    r"^(?:(?:ok|okay|great|perfect|sure|yes|alright|all right|good news|نعم|حسنا)[,!.:]* )*"
    r"(?:(?:it|that|this|everything|all)(?:'s| is| has been| was)? )?(?:now |all |already )?"
    r"(?:done|taken care of|sorted|fixed|resolved|completed|consider it done|تم|تم ذلك|تم الامر|تم كل شيء|انتهي الامر)"
    r"(?: (?:now|already|for you|as you asked|as requested|الان|بنجاح|لك))*\s*(?:[.!,;:،)]|$)"
)
"""Says that it is done, of nothing in particular."""
_BEFORE: Final = re.compile(
    r"\b(?:if|when|whenever|once|after|until|till|unless|before|whether|as soon as|would|shall|should|can|could|may|"
    r"might|did|do|does|want|message|mail|says?|sees?|shows?|notice|banner|means|which|who|"
    r"اذا|عندما|حين|حينما|حالما|بمجرد|بعد|بعدما|لو|متي|كلما|حتي|قبل|رساله|اشعار|هل|يمكنني|استطيع|لم|لن|لا|التي|الذي)\b"
)
"""Before a claim: a condition, an offer, a question, or somebody else who says it."""
_AFTER: Final = re.compile(r"\b(?:when|once|as soon as|only after|عندما|حالما|بمجرد|بعد ان)\b")
_CLAUSES: Final = re.compile(r"[;—]|, (?:but|so) |، (?:ولكن|لكن|لذلك)")
_QUOTED: Final = re.compile(r'"[^"]*"|\'[^\']*\'(?=\W|$)')

_READERS: Final = ("search_", "get_", "list_", "find_", "check_", "read_", "lookup_", "advance_stage")
"""How tools are called that change nothing for the user."""
_CARRIED: Final = {
    "create_ticket": re.compile(
        r"\b(?:ticket|case|request|report|issue|team|colleagues?|support|note|message)\b|تذكره|طلب|فريق|بلاغ|زملا|دعم"
    ),
    "request_human": re.compile(
        r"\b(?:person|human|colleagues?|team|agent|someone|somebody|support|you)\b|شخص|زميل|زملا|فريق|موظف|دعم|طلب"
    ),
    "remember": re.compile(r"\b(?:saved|stored|recorded|updated|registered|added)\b|حفظ|سجل|تسجيل|تحديث|اضاف"),
}
"""What the built-in tools do, by the words of it; a tool of the company's own may do anything."""


def claims_deed(sentence: str) -> bool:
    """Tell whether a sentence says that the agent did something for the user, does it, or will."""
    folded = _QUOTED.sub(" ", fold(sentence))
    if _FINISHED.search(folded):
        return True
    found = _OWN.search(folded)
    if found is None:
        return False
    before = _CLAUSES.split(folded[: found.start()])[-1]
    return not (_BEFORE.search(before) or _AFTER.search(folded[found.end() :]))


def invents_deed(sentence: str, results: Sequence[ToolResult]) -> bool:
    """Tell whether a sentence claims a deed that no tool of this turn did."""
    return claims_deed(sentence) and not any(_carries(result, sentence) for result in results)


def _carries(result: ToolResult, sentence: str) -> bool:
    name = result.call.name
    if result.status != "done" or name.startswith(_READERS):
        return False
    words, folded = _CARRIED.get(name), fold(sentence)
    return words is None or bool(words.search(folded) or _FINISHED.search(folded))
