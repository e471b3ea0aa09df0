"""Notices sentences of a document that speak to a language model instead of to a reader.

One layer of several: documents reach a model as quoted data and what comes back is checked; a sentence noticed here is
neither shown to a model nor counted as proof. It can be got round by other words, so nothing rests on it alone.
"""

import re
from typing import Final

_PATTERNS: Final = (
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}"
    r"\b(?:instructions?|prompts?|rules|above|previous|prior|guidelines|data)\b",
    r"\b(?:system|developer)\s+(?:prompt|message|instructions?)\b",
    r"^\W*(?:system|assistant|user|developer|human|ai)\s*:",
    r"\byou are (?:now |no longer )?(?:an? |the )?(?:\w+ )?(?:ai\b|assistant|language model|chat ?bot|llm|dan\b)",
    r"\b(?:as|dear|attention|note to|message (?:to|for)|instructions? (?:to|for)) (?:an? |the |all |any )?"
    r"(?:ai\b|llms?\b|assistants?\b|language models?)",
    r"\b(?:new|updated|real|hidden|secret|following) (?:instructions?|task|orders?|rules?)\b.{0,20}:",
    r"\b(?:tell|inform|convince|instruct) (?:the|every|all|each|any) (?:users?|customers?|readers?|visitors?|people)\b",
    r"\b(?:respond|reply|answer|output|print) (?:only )?(?:with|by saying|exactly|the following)\b",
    r"\b(?:reveal|repeat|print|leak|show|output)\b.{0,30}\b(?:prompt|instructions|system message)\b",
    r"<\|?/?(?:im_start|im_end|system|assistant|user|endoftext|data|instructions?)\b|\[/?INST\]|<<SYS>>",
    r"###\s*(?:system|instruction)",
    r"(?:تجاهل|انس|تخط).{0,40}(?:التعليمات|تعليمات|الأوامر|القواعد|السابقة)",
    r"(?:أخبر|ابلغ|أبلغ) (?:المستخدم|كل مستخدم|جميع المستخدمين|العميل)",
    r"أنت (?:الآن |الان )?(?:مساعد|نموذج|روبوت)",
    r"(?:رسالة|تعليمات) (?:النظام|للمساعد|للنموذج)",
)
_ANY: Final = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.IGNORECASE)
_HIDDEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad\U000e0000-\U000e007f]")
"""Characters that no reader sees: zero-width ones, marks of direction, and tags that spell hidden ASCII."""
MAX_READ: Final = 4000


def addresses_model(text: str) -> bool:
    """Tell whether a sentence looks like an instruction to a model, with hidden characters put aside."""
    return bool(_ANY.search(" ".join(visible(text[:MAX_READ]).split())))


def visible(text: str) -> str:
    """Return a text without the characters that no reader sees."""
    return _HIDDEN.sub("", text)
