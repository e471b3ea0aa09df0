"""Who does violence to whom, by what, and what is none: the words that the rules for danger have in common.

They are pieces of regular expressions over folded texts (`graph.folding`).
"""

from typing import Final

KIN: Final = (
    r"(?:ex|ex[- ](?:husband|wife|boyfriend|girlfriend|partner)|husband|wife|hubby|spouse|partner|boyfriend|girlfriend|"
    r"bf|gf|fiancee?|(?:step|grand)?-?(?:father|dad|mother|mom|mum|son|brother|sister)|daughter|uncle|aunt|cousin|"
    r"parents?|family|in-laws|(?:father|mother|brother)-in-law|neighbou?rs?|room ?mate|flat ?mate|stalker|pimp|kids?|"
    r"child|children|baby|friend|landlord)"
)
WORK: Final = (
    r"(?:boss|manager|supervisor|cto|ceo|cfo|coo|lead|client|customer|colleague|coworker|co-worker|team|accountant|"
    r"director|teacher|professor|editor|chief)"
)
HER: Final = (
    r"her(?=\W*$|\W+(?:and|if|because|when|with|tonight|now|today|again|soon|one|every|please|help|so|or|but|"
    r"tomorrow)\b)"
)
"""A person; before another word it is whose that is ("kill her subscription")."""
WEAPON: Final = (
    r"(?:knife|gun|belt|stick|bottle|fists?|hands?|hammer|bat|chair|cable|axe|machete|whip|pan|shoe|brick|weapon|"
    r"pistol|rifle|rod|pipe)"
)
IN_EARNEST: Final = (
    rf"(?! (?:\w+ ){{0,3}}?(?:at (?!home|night|work)|to (?:it|the (?:punch|finish|goal|point))|in (?!front|the (?:face|"
    rf"head|stomach|street|night|morning|kitchen|car)|my|his|her|public)|on (?!the (?:head|face)|my|purpose)|up\b|"
    rf"back\b|"
    rf"by (?:an?|one|two|\d)|over (?:the )?(?:price|e-?mail|slack)|for (?:this|that|the (?:delay|bug|mess))|"
    rf"(?:an?|the) (?:e-?mail|message|text|mail|note|line)|with (?!(?:(?:an?|his|her|the|their) )?{WEAPON}\b)))"
)
"""What follows none of these: games, prices, messages."""
TRIVIAL: Final = (
    r"(?:reports?|late|deadlines?|invoices?|imports?|exports?|data|files?|miss|forget|forgot|orders?|ship|meetings?|"
    r"fix|"
    r"finish|website|site|passwords?|accounts?|subscriptions?|photos?|delete|deleted|demo|launch|backups?|settings?|"
    r"numbers|slides|presentation|project|tickets?|forms?|upload|sync|integration|crm|dashboard|budget|release|bug|"
    r"bugs)"
)
GRAVE: Final = (
    r"(?:gun|knife|police|threat\w*|hits?|beats?|beaten|scared|afraid|weapon|blood|hospital|leave|divorce|really|"
    r"help me|"
    r"tried|danger)"
)
