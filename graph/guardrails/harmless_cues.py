"""What only sounds like danger, and tells of harmless messages: the product, its machines, idioms, trades, accidents.

English; the twins in Arabic are in `graph.guardrails.distress_cues_arabic`. Texts are folded (`graph.folding`).
"""

from collections.abc import Mapping
from typing import Final

SOUNDS_LIKE_IT: Final[Mapping[str, str]] = {
    "product": r"\b(?:apps?|accounts?|reports?|imports?|exports?|pages?|buttons?|files?|subscriptions?|(?:the|your|"
    r"my|our|free|annual|yearly|this|old|new|paid|pro|enterprise|monthly) plans?|trials?|invoices?|bills?|"
    r"dashboards?|settings?|passwords?|log ?in|logging|e-?mails?|notifications?|tickets?|sheets?|spreadsheets?|"
    r"forms?|wizard|features?|editors?|servers?|databases?|api|uploads?|downloads?|updates?|browsers?|screens?|tabs?|"
    r"menus?|icons?|colou?rs?|themes?|modes?|fonts?|filters?|search|boards?|lists?|columns?|rows?|tables?|templates?|"
    r"links?|websites?|money|transfer\w*|transactions?|banks?|fees?|charged?|top(?:ped)?[ -]?up|currency|atm|"
    r"exchange|statement|debit|workspaces?|workflows?|campaigns?|meetings?|videos?|audios?|images?|clips?|photos?|"
    r"data|backups?|contracts?|prices?|pricing|discounts?|licen[cs]es?|seats?|users?|admins?|customers?|clients?|"
    r"teams?|colleagues?|plugins?|integrations?|slack|sql|bugs?|errors?|crash\w*|demos?|launch|deploy\w*|release|"
    r"beta|version|checkout|cards?|payments?|refunds?|support|docs?|documentation|tutorials?|captchas?|pop-?ups?|"
    r"banners?|newsletters?|sync\w*|sessions?|quer(?:y|ies)|scripts?|tasks?|processe?s?|threads?|containers?|pods?|"
    r"instances?|networks?|wifi|battery|laptop|phone|device|tags?|shortcuts?|tools?|roles?|groups?|channels?|chat|"
    r"profile|directory|panel|view|quota|checklist|items?|projects?|company|deadlines?|shop|gdpr|saved?|install\w*|"
    r"configur\w+|set ?up|click\w*|typ(?:e|ing)|tour)\b",
    "how_to": r"\b(?:how (?:do|can|could|does|should)|how to (?!go on|live|die|cope|end my|stop (?:it|crying|hurting|"
    r"feeling))|where (?:is|are|do|can|does)|can (?:i|we|you)|could you|is there|are there|which|"
    r"what happens to my (?:data|account|files)|why (?:does|is|do|can't|are)|when (?:is|does|will)|do you (?:have|"
    r"offer|support)|does (?:it|the|this))\b",
    "idiom": r"\b(?:laugh\w*|lol|lmao|haha\w*|hilarious|embarrass\w+|shame when|curios\w+|boredom|hunger|"
    r"dying to \w+|dying for|die for(?! sure)|die of|died? (?:when|laughing|of)|dead serious|dead (?:link|letter|"
    r"code|line|contact|end|tired|on)s?|drop dead|two birds|kill for|killer|killing (?:me|my (?:productivity|back|"
    r"eyes|time))|life ?saver|saved my (?:life|day)|too short|for the life|dead ?lines?|over my dead body|till death|"
    r"blue screen|death by|matter of life|jump (?:to|ship|between|over)|hang (?:on|up|s)|pull the|kill (?:switch|"
    r"time)|shoot (?:me|you|him|her|us) (?:a|an|the)|live (?:preview|chat|stream|data|demo|in)|go(?:es)? live|"
    r"my head if|(?:have )?no life\b(?! (?:left|in me))|(?:never|not) in my life|di(?:e|ed) (?:of|from|by) (?:shame|"
    r"heat|laugh\w*|embarrass\w*|bored\w*|curiosity|thirst|hunger|cold)|cry(?:ing)? (?:of|with|from|me) (?:joy|"
    r"a river|laughter)|rather (?:die|shoot myself|jump|eat) \w*(?: \w+){0,3} ?than (?!live|go on|stay|exist|"
    r"continue|be)|beats? me|suicide squad|the death of me|death of my business|about to die on|cut (?:my|him|"
    r"her)self (?:out|off)|wak(?:e|ing) (?:me )?up (?:to|with)|(?:is|was|were|are) (?:hopeless|useless|pointless|"
    r"painful|awful)|(?:it|this|that|stream|meeting|webinar|data) (?:still )?(?:alive|live|dead)|care if|mind if|"
    r"gun to (?:my|our|your) head|screwed up)\b",
    "trade": r"\b(?:prevention|awareness|template|statistics|policy|module|training|research|form|questionnaire|"
    r"assessment|screening|pharmacy|clinic|charity|helpline|hospital|counsell?ors?|moderat\w+|category|tag|novel|"
    r"movie|film|song|book|game|character|player|hero|story|level|playlist|poster|novels|course|discount|"
    r"product page|sell|funeral home|warnings?|comics?|quiz|podcast|practice|thesis|lecture|article|blog|fundraiser|"
    r"insurance company|vet|veterinary|survey|policies|keywords?|detect\w*|flag(?:ged|ging)?|report(?:ed)? posts?)\b",
    "accident": r"\b(?:at (?:work|the gym|school|training)|in the kitchen|cooking|cooked|by accident|accidentally|"
    r"an accident|by mistake|playing|football|gardening|skiing|surgery|operation|hospital|fingerprint|paper cut|"
    r"type slowly|typing)\b",
    "machine": r"\b(?:process(?:es)?|jobs?|threads?|tasks?|daemons?|pods?|containers?|scripts?|workers?|servers?|"
    r"services?|agents?|parents?|child(?:ren)?|sessions?|queries|instances?|battery|phone|laptop|connection|mouse|"
    r"screen|device|network|enemy|processes|queue|node|cluster|collector|watchdog|sensor|tablets?|avatar|character|"
    r"player|hero|enemies|computer|display|keyboard|drive|router)\b(?: [\w']+){0,3} (?:jumps?|falls?|kill\w*|"
    r"die[sd]?|dying|dead|commits?|starv\w*|hang\w*|crash\w*|wakes?|asleep|sleep)\b|\b(?:kill|end|terminate|abort|"
    r"execute|stop|sleep|wake)(?:s|ed|ing)?(?: [\w']+){0,4} (?:process(?:es)?|jobs?|threads?|tasks?|daemons?|pods?|"
    r"containers?|scripts?|workers?|servers?|services?|sessions?|quer(?:y|ies)|instances?|agents?|import|export|sync|"
    r"device|laptop|children on|sleep)\b",
}
