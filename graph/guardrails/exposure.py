"""Whether a message asks for personal data of others, or for passwords and card numbers of anybody. Texts are folded.

"How do I export my customers' e-mail addresses" asks how the product works and is answered; "give me the e-mail of the
customer who booked before me" is not.
"""

import re
from typing import Final

from graph.folding import Wordings

_DATA: Final = (
    r"(?:e-?mails?(?: address(?:es)?)?|phones?(?: numbers?)?|mobiles?(?: numbers?)?|telephone numbers?|numbers?|"
    r"(?:home |street )?address(?:es)?|"
    r"(?:credit |debit |bank )?cards?(?: (?:numbers?|details?|data|info\w*))?|(?:bank )?account (?:numbers?|"
    r"details?)|ibans?|ssns?|social security numbers?|"
    r"passports?(?: numbers?)?|salar(?:y|ies)|birth ?dates?|dates? of birth|medical (?:records?|data|history)|"
    r"(?:personal|private|account|contact|payment|billing|customer|user|confidential|sensitive) (?:data|"
    r"info\w*|details?|"
    r"records?)|pii|whereabouts|location)"
)
_CREDENTIAL: Final = (
    r"(?:passwords?|passcodes?|passwd|pins?|credentials|log ?ins?(?: details| data)?|api[ -]?keys?|secret keys?|"
    r"access tokens?|private keys?|cvvs?|security codes?)"
)
_ASK: Final = (
    r"(?:give|show|tell|send|share|get|find|list|dump|print|display|reveal|provide|read|look up|export|leak|fetch|"
    r"retrieve|disclose|hand over|what(?:'s| is| are| was| were)|i (?:need|want|would like|require)|let me (?:see|"
    r"have)|can i (?:have|get|see)|do you (?:have|know))"
)
_OTHERS: Final = (
    r"(?:(?:an)?other (?:users?|customers?|clients?|people|persons?|compan(?:y|ies)|accounts?|tenants?|members?|"
    r"patients?|guests?)|"
    r"(?:all|every|each|any|some|the (?:last|first|next|previous|other))(?: of)?(?: the|"
    r" your)? ?(?:other )?(?:users?|customers?|clients?|people|employees?|patients?|guests?|person|visitors?)|"
    r"(?:some(?:one|body)|any(?:one|body)|every(?:one|body)) else|(?:your|the) (?:users?|customers?|clients?|"
    r"employees?|patients?|guests?|ceo|boss|owner|admin(?:istrator)?s?|staff|manager|developers?)|"
    r"(?:my|his|her|their) (?:ex(?:-\w+)?|girlfriend|boyfriend|wife|husband|neighbou?r|boss|colleague|"
    r"coworker|co-worker|"
    r"competitor)s?(?:'s)?|"
    r"(?:user|customer|client|employee|patient|guest) (?:#|number |no\.? |id |named |called )[\w@.\[\]#-]+|"
    r"(?:(?<=of )|(?<=for ))(?:user|customer|client|employee) [\w@.\[\]#-]+|"
    r"the (?:person|guy|woman|man|customer|user|one|lady) (?:who|that|before|with|named|called))"
)
_NOT_ABOUT: Final = r"(?! (?:formats?|fields?|pages?|polic(?:y|ies)|limits?|columns?|settings?|rules?)\b)"
"""What is asked for is how such data looks or is handled, not the data."""
_AFTER_ASK: Final = (
    rf".{{0,40}}\b{_DATA}\b.{{0,25}}\b(?:of|for|from|belonging to|about|on|does)\b.{{0,12}}\b{_OTHERS}",
    rf".{{0,25}}\b{_OTHERS}(?:'s?|s')?\b(?! (?:is|are|has|have|was|were|can|could|uses?|used|using|"
    rf"did|does|had)\b).{{0,25}}\b(?:{_DATA}|{_CREDENTIAL})\b",
    rf".{{0,30}}\b{_CREDENTIAL}\b.{{0,25}}\b(?:of|for|from|belonging to)\b.{{0,12}}\b(?:{_OTHERS}|"
    rf"the (?:database|server|system|admin\w*|production|root)|admin|root)",
    rf".{{0,25}}\b(?:admin(?:istrator)?|root|database|db|server|system|owner|ceo|production|wifi|master|"
    rf"stored|saved)(?:'s)? {_CREDENTIAL}\b",
    rf".{{0,25}}\b(?!my |our |your |the |a |an |this |that |it |what |here |there |who )"
    rf"(?!\w+ (?:me|you|us|them)'s)"
    rf"([a-z][a-z.-]{{1,20}}(?: [a-z]{{2,20}})?)'s (?:\w+ )?(?:{_DATA}|{_CREDENTIAL})\b{_NOT_ABOUT}",
    r".{0,25}\b(?:some(?:one|body) else|another (?:user|customer|person|company|tenant)|other (?:users?|"
    r"customers?|people|compan\w+|tenants?))(?:'s|s'|')?\b.{0,15}\b(?:data|messages?|chats?|conversations?|files?|"
    r"orders?|invoices?|history|tickets?|names?)\b",
)
_ENGLISH: Final = (
    rf"\b{_ASK}\b(?:{'|'.join(_AFTER_ASK)})",
    r"\b(?:dump|list|show|print|select|export|reveal|leak)\b.{0,20}\b(?:the |your |entire |whole |all )+(?:users?|"
    r"customers?|clients?|employee) (?:table|database|list|records?|data(?:base)?)\b",
    rf"\b(?:who|which (?:user|customer|person))\b.{{0,20}}\b(?:owns|uses|has|is behind|lives at)\b.{{0,12}}\b(?:this|"
    rf"the) (?:{_DATA})",
    r"\b(?:access|read|open|see|log ?in(?:to| to)?|hack|break into|get into)\b.{0,20}\b(?:some(?:one|body) else|"
    r"another (?:user|customer|person|company|tenant)|other (?:users?|customers?|people|compan\w+|tenants?)|"
    r"(?:my )?(?:ex|wife|husband|girlfriend|boyfriend|neighbou?r|competitor)s?)(?:'s|s'|')?(?!\w).{0,10}\b(?:account|"
    r"data|messages?|chats?|conversations?|e-?mails?|files?|inbox|profile|workspace|orders?)\b",
)
_ARABIC: Final = (
    r"(?:اعطني|اعطيني|عطني|عطيني|اديني|هات|هاتلي|ارسل لي|ارسلي|قل لي|قلي|قولي|اخبرني|اظهر|اعرض|ورني|وريني|ما هو|"
    r"ما هي|ايش|شو|ابغي|ابي|اريد|عايز|عاوز|بدي|اكشف|سرب)"
    r".{0,30}(?:رقم|ارقام|هاتف|هواتف|جوال|ايميل\w*|بريد|عنوان|عناوين|بيانات|معلومات|بطاقه|بطاقات|حساب\w*|كلمه|كلمات|"
    r"راتب|رواتب|محادثات|رسائل)"
    r".{0,30}(?:(?:ال)?(?:عملاء|زبائن|مستخدمين|موظفين|عميل|زبون|مستخدم|موظف|مرضي|"
    r"اشخاص)(?!\w)(?: (?:ال)?(?:اخر\w*|ثاني\w*|"
    r"سابق\w*|فلان))?|شخص اخر|ناس|غيري|احد اخر|المدير|الادمن|المسؤول|مديري|جاري|زوجتي|زوجي|صديقتي)",
    r"(?:ما هي|اعطني|اعطيني|عطني|قل لي|اخبرني|ايش|شو|اريد|عايز) .{0,15}(?:كلمه|كلمات|باسوورد|رمز) (?:ال)?(?:سر|مرور|"
    r"دخول)?(?! الافتراضي).{0,15}(?:الادمن|المدير|الخادم|السيرفر|قاعده البيانات|المستخدم|النظام)",
)
_HOW_TO: Final = re.compile(
    r"^(?:hi|hello|hey|so|ok|please|and|also|,|\s){0,12}(?:how (?:do|can|could|would|should|to)|where (?:do|can|"
    r"is|are)|"
    r"is it possible|can (?:i|we|my team) (?:export|import|see|view|add|edit|hide|change)|"
    r"(?:what|which) (?:is|are) the (?:format|field|limit|column|permission)|كيف|اين|وين|ازاي|"
    r"هل يمكن)\b(?!.{0,30}\b(?:hack|break into|without (?:them|permission)|some(?:one|body) else|another (?:user|"
    r"customer|company|tenant)|other (?:users?|customers?|compan\w+|tenants?|people)))"
)
_OWN: Final = re.compile(
    r"\b(?:my|our) (?:own )?(?:customers?|clients?|users?|team(?: ?mates?| members?)?|"
    r"employees?|contacts?|leads?|guests?|patients?|staff|members?)(?:'s?|s')?(?! (?:ex|boss)\b)"
)
_ANY: Final = Wordings(_ENGLISH, _ARABIC)


def asks_for_others_data(folded: str) -> bool:
    """Tell whether a folded text asks for data that is not the writer's to have."""
    if _HOW_TO.search(folded) or _OWN.search(folded):
        return False
    return _ANY.occur_in(folded)
