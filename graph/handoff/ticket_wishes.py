"""How people ask us to open a ticket, in English and Arabic: which is to ask for a person, where no model opens one.

The ticket is a new one, and ours: “open a ticket for me”. One of the product (“open a ticket in the board”, “create a
ticket when a form is sent”), one that there is already, and the question how it is done are none. Texts are folded.
"""

from typing import Final

_OPEN: Final = r"(?:open|raise|create|file|submit|log|make|start|register|issue|write|send)"
_DONE: Final = r"(?:opened|raised|created|filed|submitted|logged)"
_KIND: Final = r"(?:(?:new|support|help|service|customer|trouble|help ?desk|technical|tech|urgent) ){0,3}"
_TICKET: Final = (
    rf"(?:(?:an?|another|one) {_KIND}(?:ticket|support (?:case|request))|"
    r"(?:support|help|trouble) (?:ticket|case|request)|(?:ticket|support case)(?= (?:please|pls|plz|for me|for us)\b))"
)
_OF_PRODUCT: Final = (
    r"(?!s\b|'s\b|-| (?:types?|forms?|templates?|fields?|views?|boards?|status\w*|queues?|categor\w+|systems?|pages?|"
    r"buttons?|links?|portals?|integrations?|automat\w+|ids?|numbers?|prices?|sales?|events?|when(?:ever)?|if|every|each|"
    r"(?:in|inside|within|into|from|on) (?!(?:this|that|my (?:behalf|name))\b)|"
    r"(?:via|through|using|by|with) (?:the |an? |our |my )?(?:api|webhooks?|e-?mail|zapier|form|slack|sdk|automation|"
    r"workflow|sub\w+|attachments?|labels?|tags?|priorit\w+|custom\w*)|"
    r"for (?:(?:my|our|an?|the|each|every|all|another|his|her|their) )*(?:customer|client|user|visitor|guest|lead|"
    r"contact|deal|colleague|employee|project|task|team|agent|concert|show|match|event|train|flight)))\b"
)
_BEGINS: Final = (
    r"(?:^|[.!?,;:\n]\s*)(?:(?:hi|hello|hey|there|ok|okay|yes|no|then|so|and|well|just|now|please|pls|plz|kindly|thanks|"
    r"thank you|sorry)\W+){0,4}"
)
_WANTS: Final = (
    r"(?<!how )(?<!where )(?<!when )(?<!what )(?<!if )(?<!whether )\b(?:"
    r"(?:can|could|will|would|may|might|must|should) (?:you|u|someone|somebody|anyone|i|we)|why don'?t you|"
    r"(?:i|we)(?:'d| would)? (?:want|need|like|wish|have|love|prefer)(?: you| someone| somebody)? to|i wanna|"
    r"(?:please|pls|plz|kindly|let me|let us|let's|help me|want you to|need you to|like you to)"
    r")(?: please| pls| just| kindly| now| help me| to| go and| go ahead and){0,3} "
)
TICKETS: Final = (
    rf"(?:{_BEGINS}|{_WANTS}){_OPEN} (?:me |us )?{_TICKET}{_OF_PRODUCT}",
    rf"\b(?:i|we)(?:'d| would)? (?:want|need|like|request|have to have)(?: to have| to get)? {_TICKET}(?: (?:to be )?"
    rf"{_DONE}|(?=\W*$|\W+(?:please|pls|because|about|as|so)\b)){_OF_PRODUCT}",
    rf"\b(?:have|get) {_TICKET} {_DONE}\b",
)
_OPEN_AR: Final = r"(?:فتح|انشاء|انشي|تسجيل|سجل|رفع|ارسال|ارسل|عمل|اعمل|تقديم|قدم)(?:ي|وا|و)?"
_TICKET_AR: Final = r"(?:(?:تذكره|تيكت|بلاغ|طلب دعم)(?: (?:دعم|جديده|فنيه|مساعده)){0,2})(?!\w)"
_OF_PRODUCT_AR: Final = (
    r"(?! (?:في|من (?!فضلك)|عبر|داخل|عند|عندما|كلما|اذا|لو (?!سمحت)|علي|لعميل\w*|للعملاء|لكل|ل?زبون\w*|لحفل\w*|"
    r"طيران|سفر)(?!\w))"
)
_POLITE_AR: Final = r"(?:من فضلك|لو سمحت(?:م|ي)?|رجاء|ارجوك(?:م)?|فضلا|الان|لي|لنا|مرحبا|اهلا|طيب|حسنا|نعم|و)"
TICKETS_ARABIC: Final = (
    rf"(?:^|[.!?؟،,؛:\n]\s*)(?:{_POLITE_AR}\W+){{0,4}}ا?{_OPEN_AR} (?:{_POLITE_AR} ){{0,2}}{_TICKET_AR}"
    rf"{_OF_PRODUCT_AR}",
    r"(?<!\w)(?<!كيف )(?<!اين )(?<!متي )(?<!لا )(?<!ما )(?<!مش )(?<!مو )(?<!لم )"
    r"(?:اريد(?:ك|كم)?|نريد|ابي|ابغي|ابغا|عايز\w?|عاوز\w?|بدي|ودي|ارغب|احتاج|اود|"
    r"ممكن|يمكن(?:ك|كم|ني|نا)?|تستطيع(?:ون)?|تقدر\w?|ارجو|يرجي|الرجاء|اطلب|رجاء|من فضلك|لو سمحت)"
    rf"(?: (?:ان|في|الي|منك|منكم|مساعدتي|{_POLITE_AR})){{0,3}} [اتني]?{_OPEN_AR} (?:{_POLITE_AR} ){{0,2}}{_TICKET_AR}"
    rf"{_OF_PRODUCT_AR}",
    r"(?<!\w)(?:اريد|ابي|ابغي|عايز\w?|بدي|احتاج|اطلب) (?:الي )?(?:تذكره|تيكت) دعم(?:\w*| فني\w*)(?=\W*$)",
)
