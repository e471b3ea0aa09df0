"""Whether a message asks for a person: by what people say when they do, in English and Arabic, and by a few words of
other languages (`graph.handoff.foreign_wishes`); or for a ticket (`graph.handoff.ticket_wishes`). Texts are folded.

A wish names who is wanted ("a real person", "someone else", "your manager") beside a verb of talking or handing over,
or says that the machine is not. Words of the product ("human resources", "agent settings", "add a person to my
team") and questions how customers reach somebody are none.
"""

import re
from typing import Final

from graph.folding import Wordings
from graph.handoff.foreign_wishes import REFUSALS, WISHES
from graph.handoff.ticket_wishes import TICKETS, TICKETS_ARABIC

_REAL: Final = (
    r"(?:real|actual|live|living|normal|proper|human|physical|breathing|qualified|trained|"
    r"non[- ]?robot(?:ic)?|different|other|another)"
)
_NOT_OF_PRODUCT: Final = (
    r"(?! ?(?:'s )?(?:resources?|errors?|readable|capital|rights|factors?|settings?|roles?|seats?|licen[cs]es?|"
    r"permissions?|status|dashboards?|"
    r"panels?|queues?|assignment|reports?|accounts?|ids?|keys?|tokens?|api|profiles?|lists?|groups?|inbox|view|page|"
    r"limit|names?|fields?|records?|"
    r"columns?|objects?|cards?|entit\w+|types?|sample|mode|skills?|version|software|scripts?|precedence|install\w*)\b)"
)
_PERSON: Final = (
    rf"(?:(?:an?|the|some|any|your|one of your|one of the|some of your|somebody|someone|"
    rf"real) ){{0,3}}(?:{_REAL} ){{0,3}}(?:customer |support |sales |service |technical |tech |billing |"
    rf"human |help ?desk |call cent(?:er|re) ){{0,3}}"
    rf"(?:persons?|people|humans?(?: beings?)?|agents?|representatives?|reps?|operators?|advis[eo]rs?|managers?|"
    rf"supervisors?|staff(?: members?)?|employees?|"
    rf"team members?|colleagues?|specialists?|experts?|consultants?|technicians?|engineers?|bank(?:er|clerk)s?|"
    rf"clerks?|assistants?(?= who is)|"
    rf"customer (?:service|support|care|relations)|support(?: team| staff| desk)?|service desk|help ?desk|"
    rf"sales(?: team)?|(?:your|the) (?:team|boss)|call cent(?:er|re)|guy|lady|gentleman|soul){_NOT_OF_PRODUCT}"
)
_ALONE: Final = (
    rf"(?:(?:an?|the|some|your) )?(?:(?:{_REAL} ){{1,3}}(?:persons?|people|one)|(?:{_REAL} |support |customer |"
    rf"service ){{0,3}}(?:humans?(?: being)?|agents?|"
    rf"representatives?|reps?|operators?)|customer (?:service|support|care)|(?:some|any)(?:one|body) else|"
    rf"call cent(?:er|re)|person){_NOT_OF_PRODUCT}"
)
"""Who is named by a message that names nothing else; a profession may answer a question ("Manager")."""
_SOMEONE: Final = r"(?:(?:some|any)(?:one|body)(?: else| real| human)?|another one|anybody|anyone)"
_WHO: Final = rf"(?:{_PERSON}|{_SOMEONE})\b"
_TALK: Final = r"(?:speak|talk|chat|converse|discuss|deal|get in (?:touch|contact)|be in (?:touch|contact))(?:ing)?"
_PUT: Final = (
    r"(?:connect|transfer|put|pass|hand|forward|redirect|switch|route|direct|refer|move|send|link|patch|get|bring|"
    r"escalate|assign|give|take)(?:ing|ted|ring)?"
    r" (?:me|us|this|my (?:case|issue|call|request|problem|chat)|the (?:call|chat|line))(?: up| on| over| through|"
    r" along| straight| directly| back| now| please){0,4}(?: to| with| on to| onto|,)?"
)
_BOT: Final = (
    r"(?:(?:an?|the|this|your|these|any|stupid|dumb|damn|some) ){0,3}(?:(?:chat|voice)? ?bots?|robots?|"
    r"machines?|computers?|a\.?i\.?|virtual (?:agents?|assistants?)|automat\w+(?: \w+)?|algorithm|program|"
    r"software)"
)
_THINGS: Final = (
    r"(?:apis?|servers?|database|apps?|devices?|crm|bots?|chatbots?|robots?|machines?|back ?end|webhooks?|"
    r"tools?|models?|ai|data|plans?|"
    r"workspaces?|accounts?|pages?|subscriptions?|versions?|domains?|printers?|screens?|projects?|tiers?|"
    r"annual|monthly|pro|free|basic|premium|"
    r"assistant|virtual|automated)\b"
)
"""What one talks to or is moved to in a product, and which is nobody."""
_PATTERNS: Final = (
    rf"\b{_TALK} (?:directly )?(?:to|with|2) {_WHO}",
    rf"\b(?:i(?:'d| would)? (?:like|want|need|prefer|wish|love|have)(?: very much)?(?: like)?|i wanna|let me|"
    rf"can i|could i|may i|can you let me|want) "
    rf"(?:to )?(?:please )?(?:have a )?{_TALK} (?:directly )?(?:to|with) (?:the|your|some of your|"
    rf"one of your) (?!{_THINGS})[a-z]+\b",
    rf"\b(?:transfer|put) me (?:through )?to (?!{_THINGS}|(?:the |a |an |your |"
    rf"my )?(?:\w+ )?{_THINGS})(?:the |your )?[a-z]+\b",
    rf"\b{_PUT} {_WHO}",
    r"\b(?:connect|transfer|put|hand|pass|escalate)(?:ed)? (?:me|us|this|my (?:call|chat|issue|"
    r"case))(?: \w+)? (?:through|over|on)?(?: please)?\W*$",
    rf"\b(?:get|give|find|fetch|bring|call|send|want|need|prefer|like|would love|require|demand|have|see|use|reach|"
    rf"contact|text|message|ask for|looking for|waiting for)(?: me| us)?(?: to| in)?(?: have| see| reach|"
    rf" get)? {_PERSON}(?=\W*$|\W+(?:please|pls|plz|now|on|to|who|that|instead|not|right|asap|immediately|here|"
    rf"for (?:this|that|help)|because|cause|and|but|already|help|i)\b)",
    rf"\b(?:get|have|want|need|find|let|ask|is there|may|can|could|would) {_SOMEONE}(?: \w+)? (?:on the (?:line|"
    rf"phone)|(?:to )?(?:take a look|look (?:at|into)|handle|deal with|take over|confirm|call|phone|ring|contact|"
    rf"reach out|get back|speak|talk))\b",
    r"\b(?:some|any)(?:one|body) else\b(?=.{0,20}\b(?:help|assist|handle|line|look|please|available|there)\b)|"
    r"\b(?:want|need|prefer|give me|get me(?: to)?|let me have|pass me to) (?:some|any)(?:one|body) else\b",
    r"\b(?:call|ring|phone|contact|e-?mail)(?: me| us)(?: back)?\b(?=\W*$|\W+(?:please|on|at|now|back|asap|today|"
    r"tomorrow|when|about|so)\b)|\b(?:i )?(?:want|need|request|get|arrange|schedule|have) (?:a |an )?(?:call ?back|"
    r"phone call)\b",
    rf"\b{_PERSON} (?:to |should |must |can |could )?(?:call|phone|ring|contact|help|assist|reach out to|get back to|"
    rf"talk to|speak (?:to|with)) (?:me|us)\b",
    rf"\b(?:don'?t|do not|dont|not|no longer|never|stop|hate|tired of|sick of|fed up with|done with|had enough of|"
    rf"instead of|rather than|refuse to|won'?t)\b(?: \w+){{0,4}} (?:{_TALK}|arguing|dealing|waste|wasting|wasted|"
    rf"sharing|share|giving|give|speak\w*|chat\w*)\b(?: \w+){{0,4}} (?:to|with|on) (?:you|u|{_BOT})\b",
    rf"\b(?:no|stop|not|without)(?: \w+)? (?:more )?{_BOT}\W*$|\bnot (?:an? )?{_BOT}\b.{{0,20}}\b(?:person|human)\b|"
    rf"\b(?:don'?t|do not|dont) (?:want|like|trust|need)(?: to \w+)? (?:you|this|an?|the|any|your)? ?{_BOT}\b",
    rf"\b(?:is there|are there|isn't there|do you have) (?:any |an? |some )?(?:{_REAL} ){{1,3}}(?:person|people|human|"
    rf"agent|one|representative|operator)s?\b|\b(?:is|are) there (?:any |an? )?(?:humans?|person|people|one|"
    rf"body)(?: being| here| there| i can| available| who)\b(?=.*\b(?:talk|speak|chat|here|there|available|help)\b)",
    rf"^(?:\W|please|pls|plz|hi|hello|hey|ok|okay|no|just|now|yes|sorry|i said|thanks|give me|"
    rf"me){{0,12}}{_ALONE}(?:\W|"
    rf"please|pls|plz|now|asap|thanks|thank you|i said|right|immediately|only|help){{0,12}}$",
    r"\b(?:contact|reach|call|phone|message|e-?mail|get (?:hold|ahold) of|write to) (?:you (?:guys|directly)|(?:the |"
    r"your |a |an )?(?:customer|technical|tech|human|live)? ?(?:support|service|care|help ?desk|team|hotline|office|"
    r"helpline|human)(?: team| staff| desk| agent)?)\b(?! (?:ticket|page|settings?|widget|form|field))",
    r"\bescalate (?:this|it|my|the) ?(?:issue|case|problem|complaint|ticket|request|matter|conversation|now|please|"
    r"further|to)?\b|\blive (?:chat|agent|support|person|representative|help)\b(?! (?:widget|settings?|feature|"
    r"module|button|integration|plugin|setup|queue))",
    rf"\b(?:(?:i|we)(?:'d| would)? (?:want|need|like|require)|(?:can|could|may) (?:i|we) (?:get|have)) (?:some |more |"
    rf"any |your )?(?:help|assistance|support) from {_WHO}(?!'s)",
    r"\bhuman (?:help|support|assistance|touch|contact|interaction|agent|operator|representative|being)\b(?=\W*$|"
    r"\W+(?:please|now|instead|not)\b)",
)
_ARABIC_PERSON: Final = (
    r"(?:(?:اي|احد|واحد|مع|ل|الي|علي|ب|بشكل|من) ?){0,3}(?:(?:ال|لل|بال|ل|ب)?(?:شخص|انسان|بشر|بشري|ادمي|"
    r"موظف\w{0,2}|ممثل|"
    r"مندوب|مسوول|مسيول|مسءول|مدير\w?|مشرف|وكيل|خبير|مختص|اخصايي|مهندس|احد|حد|واحد|زميل|فريق|عامل|ناس|عنصر))"
    r"|(?:ال|لل|ب)?(?:خدمه|خدمات) (?:ال)?(?:عملاء|زباين|مشتركين)|(?:ال|لل|بال)?دعم(?: (?:ال)?(?:فني|بشري|عملاء))?|"
    r"كول سنتر|الكول سنتر|(?:ال|لل)?مبيعات"
)
_ARABIC_TALK: Final = (
    r"(?:ا|ن|ي|ت|ال|لل|با?ل)?(?:ا?ت?كلم|ت?حدث|تحدث|حكي|تواصل|حاكي|دردش|محادثه|مكالمه|كلام|حديث|مخاطبه|كلمه|كلمو|احكي|"
    r"اخاطب)"
)
_ARABIC: Final = (
    rf"(?:^|\s|ا){_ARABIC_TALK}(?: (?:مع|الي|ل|علي|ويا|وي|بـ?))? ?(?:{_ARABIC_PERSON})(?!\w)(?! (?:من|في) (?:فريقي|"
    rf"شركتي))",
    rf"(?:حول|وصل|نقل|ربط|اربط|انقل|حيل|احيل|صعد|حط|خلي)(?:ني|وني|يني|نا|لي) ?(?:الي|علي|ل|ب|مع|"
    rf"ع)? ?(?:{_ARABIC_PERSON})(?!\w)",
    r"(?:اريد|ابي|ابغي|ابغا|عايز\w?|عاوز\w?|بدي|ودي|احتاج|محتاج\w?|اطلب|هات\w*|جيب\w*|افضل|اعطني|اعطيني|عطني|وين|"
    r"اين|فين|ممكن) (?:ان |اني )?(?:ال)?(?:شخص|انسان|موظف|ممثل|مندوب|ادمي|بشري?|مسوول|مدير|مشرف|خدمه العملاء|"
    r"خدمه عملاء|الدعم|دعم بشري)(?:ا|ه)?(?: (?:ال)?(?:حقيقي\w*|بشري\w*|فعلي|عادي|اخر|ثاني|خدمه|دعم|يساعدني|الخدمه|"
    r"الدعم|العملاء)){0,4}(?=\W*$|\W+(?:من فضلك|لو سمحت|رجاء|الان|حالا|فورا|وليس|مو|مش|مب|بدل|يكلمني|يتواصل|يتصل|"
    r"يساعدني|للتحدث|اتكلم|اكلمه)(?!\w))",
    r"(?:شخص|انسان|موظف|ممثل|دعم|بشر|احد|حد|وكيل) (?:حقيقي|بشري|فعلي|حي|من البشر)(?!\w)",
    r"(?<!\w)(?:لا|ما|مو|مش|ماني|مابي|مابغي|مابدي|لن|توقف|كفايه|كفي|بدون|غير|سيمت من|مليت من|"
    r"زهقت من)\s?(?:\w+ ){0,4}(?:روبوت\w*|بوت|بوتات(?!\w)|مع (?:ال)?اله(?!\w)|مجيب الي|الرد الالي|رد الي|"
    r"ذكاء اصطناعي|كمبيوتر|"
    r"برنامج الي)",
    r"(?<!\w)(?:ل|و|ان )?(?:يتصل|تتصل|يتصلو|تتصلو|اتصلو|يتواصل|تتواصل|يتواصلو|تواصلو|يرجع|ترجعو)(?:ا)? (?:بي|"
    r"علي|معي|معايا|فيني)(?!\w)"
    r"|(?<!\w)(?:ي|ت)(?:كلمني|كلموني|كلمونا|تصلني)(?!\w)|^\W*اتصل(?:وا)? (?:بي|علي|فيني)(?=\W*$|\W+(?:من فضلك|"
    r"لو سمحت|رجاء|الان|علي))"
    r"|معاوده الاتصال|اريد مكالمه",
    r"^(?:\W|من فضلك|لو سمحت|رجاء|بدي|ممكن|هلا|مرحبا|اريد|ابي){0,12}(?:ال)?(?:موظف|انسان|بشري|شخص حقيقي|خدمه العملاء|"
    r"خدمه عملاء|ممثل خدمه العملاء|الدعم الفني|الدعم البشري)(?:\W|من فضلك|لو سمحت|رجاء|الان|حالا){0,12}$",
    rf"(?<!لا )(?<!ما )(?<!مش )(?:اريد|ابي|ابغي|عايز\w?|عاوز\w?|بدي|احتاج|محتاج\w?) "
    rf"(?:الي )?(?:ال)?مساعده من (?:{_ARABIC_PERSON})(?!\w)",
    r"(?:صعد\w*|تصعيد) (?:ال)?(?:مشكله|موضوع|شكوي|طلب|الامر|الي)",
)
_NOT_A_WISH: Final = re.compile(
    r"\b(?:(?:my|our|their|the) )?(?:customers?|clients?|visitors?|users?|guests?|leads?|buyers?|students?|"
    r"patients?)\b(?: \w+){0,3} (?:speak|talk|chat|connect|contact|reach|get|be transferred)(?:ing|ed|"
    r"s)?\b[^.!?]{0,150}"
    r"|\b(?:speak|talk|chat|meet|call|contact|check|discuss)(?:ing)? (?:to|with|it with)? ?(?:my|our|his|her|"
    r"their) (?:\w+ ){0,2}\w+"
    r"|\b(?:don'?t|do not|dont|didn'?t|no) (?:want|need|wanna|have)(?: to)?(?: (?:speak|talk|chat)(?: to|"
    r" with)?)? (?:an? |any |the )?(?:real |live |human )?(?:person|human|agent|representative|operator|call|anyone|"
    r"anybody)\b"
    r"|\b(?:do|does|should|must|would) (?:i|we|one|you|they|people) (?:really )?(?:have to |need to |must )?(?:speak|"
    r"talk|call|contact|see|visit|go)"
    r"\b[^.!?]{0,150}|\bif i (?:need|want|have) to (?:speak|talk|call|contact)\b[^.!?]{0,150}"
    r"|\b(?:no need|not necessary|don'?t bother) (?:to|for)(?: \w+){0,6}"
    r"|\b(?:schedule|book|arrange|set up|make|cancel|postpone|have)(?: \w+){0,3} (?:meeting|appointment|"
    r"visit)\b[^.!?]{0,150}"
    r"|\b(?:add|adding|invite|inviting|remove|removing|delete|deleting|create|creating|import|hire|hiring|assign|"
    r"assigning)(?: \w+){0,2} (?:people|persons?|humans?|agents?|operators?|representatives?|members?|employees?|"
    r"colleagues?|someone|managers?|supervisors?|staff|specialists?)\b"
    r"|\bhow (?:do|can|does|would|to)\b[^.!?]{0,30}\b(?:escalate|assign|transfer|route|forward|"
    r"hand over)\b[^.!?]{0,150}\b(?:tickets?|cases?|chats?|conversations?|deals?|leads?|contacts?|ownership|workspace|"
    r"projects?|records?)\b[^.!?]{0,150}"
    r"|\b(?:phone|telephone|live|chat|e-?mail) (?:support|chat) (?:hours?|times?|numbers?|options?|availability)\b"
    r"|\b(?:is|are) (?:there )?(?:any )?(?:phone|telephone|live|chat|24/7) (?:support|chat)\b(?! (?:please|now))"
    r"|\b(?:do|does) (?:(?:\w+ ){1,3}(?:offer|include|have|provide|come with|get) )?(?:phone|telephone|live|chat|24/7) "
    r"(?:support|chat)\b"
    r"|(?:ما|ما هو|كم|وش|ايش|شو) رقم (?:هاتف |تلفون |جوال )?(?:ال)?دعم"
    r"|(?:ال)?موارد (?:ال)?بشريه|(?:اضيف|اضافه|ادعو|دعوه|احذف|حذف|ازاله|انشاء|انشي|تعيين|اعين) (?:\w+ )?(?:شخص|موظف|"
    r"عضو|مدير|ممثل|مندوب|مشرف|وكيل)\w*"
    r"|(?:اعدادات|صلاحيات|دور|حساب|قايمه|لوحه|ادوار) (?:ال)?(?:وكيل|موظف|وكلاء|موظفين|مدير|مندوب|شخص)\w*"
    r"|(?:عملايي|زبايني|عملاؤنا|مستخدمي|العملاء) (?:ان )?(?:ال|ي|ت)?(?:تحدث|تواصل|كلم)\w*[^.!?؟]{0,150}"
)
_UNWANTED: Final = re.compile(
    r"(?<!why )(?<!you )\b(?:don'?t|do not|didn'?t|did not|never|rather not|prefer not to|no need to|not (?:asking|"
    r"here) to|"
    r"wouldn'?t|would not|(?<!can )(?<!could )not)\b(?: (?:really|even|ever|just|want|wanna|need|like|wish|care|you|"
    r"to|me|be|"
    r"please|ask|asking|asked|have)){0,5}"
    rf" (?:(?:{_TALK} (?:to|with)|call|phone|contact|hand (?:me|this|it) over to|{_PUT}) {_WHO}|(?:transferred|"
    rf"connected|"
    rf"put through|handed over|called)(?: (?:to|with|by) {_WHO})?\b|escalate\w*(?: this| it)?|(?:call|phone|"
    rf"transfer) me\b)"
    rf"|\b(?:don'?t|do not|didn'?t|never|not) (?:really )?(?:want|need|wanna|like|asking for|ask for|asked for) {_WHO}"
    rf"|\b(?:without|instead of|rather than|no need (?:for|of)|avoid) (?:{_TALK} (?:to|with) |{_PUT} |calling |"
    rf"contacting )?{_WHO}"
    r"|\b(?:speak|talk|chat|connect\w*|transfer\w*)(?: me)?(?: to| with)? (?:no ?-?one|nobody)\b"
    rf"|^(?:please |pls |sorry |ok |and ){{0,2}}(?:no (?:more )?|not (?=an? )){_ALONE}(?: (?:is )?(?:needed|necessary|"
    rf"required|wanted))?(?=\W*$|\W+(?:please|pls|thanks|thank you|just|only|(?:the|this) {_BOT} is)\b)"
    rf"|{'|'.join(REFUSALS)}"
    r"|(?<!لماذا )(?<!ليش )(?<!ليه )(?<!\w)(?!(?:لا|ما|مو) ?(?:احد|حد)(?!\w))(?:لا|ما|مو|مش|مب|ماني|مابي|"
    r"مابغي|مابدي|لن|لست|بدون|من غير|دون)\s?(?:(?:اريد|احتاج|ابي|ابغي|ابغا|"
    r"عايز\w?|عاوز\w?|بدي|ودي|ارغب|اود|احب|افضل|محتاج\w?|بحاجه|داعي|"
    r"حاجه|ان|اني|في|"
    r"الي|ل|"
    r"تحولني|تحولوني|توصلني|تنقلني|تحويلي) ?){0,4}"
    rf"(?:(?:{_ARABIC_TALK})(?: (?:مع|الي|ل|علي|ويا))? ?)?(?:{_ARABIC_PERSON})(?!\w)"
)
"""Who wants no person, but for a question why there is none ("why don't you connect me")."""
_ANY: Final = Wordings((*_PATTERNS, *TICKETS, *WISHES), (*_ARABIC, *TICKETS_ARABIC))


def without_refusals(folded: str) -> str:
    """Return a folded text without the words by which a person is refused; they complain of nothing."""
    return " ".join(_UNWANTED.sub(" ", folded).split())


def declines_person(folded: str) -> bool:
    """Tell whether a folded text says that no person is wanted."""
    return _UNWANTED.search(folded) is not None and not wants_person(folded)


def wants_person(folded: str) -> bool:
    """Tell whether a folded text asks for a person to answer."""
    return _ANY.occur_in(_UNWANTED.sub(" ~ ", _NOT_A_WISH.sub(" ~ ", folded)))
