"""Which sentences of an answer offer a person, so that whoever has said no to that is not asked again and again.

By what fixed words and models say when they offer one, in English and Arabic; what a document says, cited, is none.
"""

import re
from typing import Final

from core.sentences import split_sentences
from graph.folding import fold

_PERSON: Final = (
    r"(?:(?:(?:an?|the|our|my|one of our|some of our) )?(?:(?:real|human|live|actual|support|service|sales) ){0,2}"
    r"(?:person|people|human(?: being)?|colleagues?|agent|representative|specialist|team(?: member)?|staff)|"
    r"somebody|someone|support)"
)
_TALK: Final = r"(?:talk|speak|chat|talking|speaking|chatting|get in touch)"
_ENGLISH: Final = (
    rf"\b{_TALK} (?:about (?:it|this|that) )?(?:to|with) {_PERSON}\b",
    rf"^(?:(?:but|otherwise|alternatively|or|if you (?:like|want|wish|prefer)),? )*(?:would you like(?: me)? to|"
    rf"do you want me to|(?:shall|should|may|can|could) i|let me|i (?:can|could|will)|i'll|i(?:'d| would) be happy to|"
    rf"i(?:'m| am) happy to)\b[^.!?]*\b(?:connect|transfer|hand|pass|put|get|bring|call|escalate|forward|refer|reach|"
    rf"ask)\b[^.!?]*\b{_PERSON}\b",
    rf"^{_PERSON} (?:of our team )?(?:can|could|will) (?:help|go through|take|assist|answer)\b[^.!?]*\b"
    rf"(?:would you like|like that|if you)\b",
)
_ARABIC_PERSON: Final = (
    r"(?:احد زملاينا|زميل\w*|شخص\w*|موظف\w*|انسان\w*|ممثل\w*|احد افراد|فريق الدعم|خدمه العملاء|الدعم)"
)
_ARABIC: Final = (
    rf"^(?:(?:لكن|او|و) ?)?(?:هل|ان كنت|اذا|لو|يمكنني|استطيع|بامكاني|حاول|س)[^.!؟?]*(?:تحدث|تواصل|حولك|تحويلك|وصلك|"
    rf"توصيلك|ربطك) (?:\w+ ){{0,3}}?(?:الي |مع |ب)?{_ARABIC_PERSON}",
    rf"^(?:يستطيع|يمكن|بامكان) (?:ل)?{_ARABIC_PERSON}[^.!؟]*هل (?:تود|تريد|ترغب)",
)
_ANY: Final = re.compile("|".join(f"(?:{pattern})" for pattern in (*_ENGLISH, *_ARABIC)))
_CITED: Final = re.compile(r"\[\d{1,2}\]")


def is_offer(sentence: str) -> bool:
    """Tell whether a sentence of an answer offers a person. Pure."""
    return _CITED.search(sentence) is None and _ANY.search(fold(sentence)) is not None


def without_offers(text: str) -> str:
    """Return a text without the sentences that offer a person. Pure."""
    kept, start = [], 0
    for sentence in split_sentences(text):
        if is_offer(sentence.text):
            kept.append(text[start : sentence.start])
            start = sentence.end
    return "".join([*kept, text[start:]]).strip()
