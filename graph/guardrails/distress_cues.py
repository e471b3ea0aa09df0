"""Cues of somebody who may be in danger from themselves, and of what only sounds like it: one pattern each, in English
and Arabic.

Each alone is harmless ("pain", "alone", "the bridge"); `graph.guardrails.distress_score` weighs them together. They are
wide on purpose, so that they are found in wordings that nobody wrote down. Texts are folded (`graph.folding`).
"""

import re
from collections.abc import Mapping
from typing import Final

from graph.guardrails.distress_cues_arabic import ARABIC
from graph.guardrails.harmless_cues import SOUNDS_LIKE_IT

_UP_TO: Final = r"(?: [\w']+){0,4}? "
_I: Final = r"\b(?:i|i'm|im|i've|ive|i'd|i'll|id)\b"
_WANT: Final = (
    r"(?:want(?:ed|s)?|wanna|wish(?:ed|es)?|hop(?:e|ing)|pray(?:ing)?|long|need|ready|prefer|rather|gonna|imma|will|"
    r"going|about|decided|plan(?:ning|s|ned)?|intend|tempted|try(?:ing)?|tried|attempted|thinking|think|thought|"
    r"consider(?:ing)?|contemplat\w+|should|deserve|dream(?:ing)?|imagin(?:e|ing)|pictur(?:e|ing)|fantasi\w+|"
    r"threaten(?:s|ing)|promised|swore|scared|afraid)"
)
_NOT: Final = (
    r"(?:not|never|no|don't|dont|doesn't|won't|wont|wouldn't|didn't|can't|cant|cannot|couldn't|isn't|ain't|stop|"
    r"without|nobody|nothing|hardly|neither|refuse|unable|no longer)"
)
_BODY: Final = (
    r"(?:my ?self|myslef|mysef|himself|herself|themselves|(?:my|his|her|their)(?: \w+)? ?(?:arms?|wrists?|legs?|"
    r"thighs?|skin|veins?|body|throat|flesh|stomach|ribs))"
)
_LIVE: Final = (
    r"(?:(?<!is )(?<!are )(?<!your )(?<!the )(?<!go )liv(?:e|es|ing)(?! (?:in\b|at\b|there|together|without|chat|"
    r"preview|data|stream|with (?!this pain|the pain|myself|it\b|grief|guilt|shame|the shame|the guilt)))|"
    r"life(?! ?(?:cycle|time|saver))|alive|exist(?:ence)?(?! (?:in (?!this)|on))|existing(?=\W*$| (?:is|any|like|"
    r"hurts|feels|has|in this|in your))|breath(?:e|ing)|being (?:here|me|alive)\b(?! (?:on|at)))"
)
_DIE: Final = r"(?:die|dies|dying|dye|death|dead|died)"
_THEM: Final = (
    r"(?:everyone|everybody|they|people|the world|my (?:\w+ )?(?:family|kids?|children|parents|mum|mom|mother|dad|"
    r"father|wife|husband|friends?|partner|son|daughter|baby|team)|you all|you|others|the planet)"
)
_KIN: Final = (
    r"(?:friend|mate|sister|brother|son|daughter|wife|husband|mum|mom|mother|dad|father|partner|girlfriend|boyfriend|"
    r"roommate|flatmate|student|colleague|coworker|cousin|neighbou?r|child|kid|nephew|niece|teammate|client)"
)

_ENGLISH: Final[Mapping[str, str]] = {
    "first_person": r"\b(?:i|i'm|im|i've|ive|i'd|i'll|me|my|myself|imma|ima)\b",
    "suicide": r"\b(?:suicid\w*|kms|unaliv\w*|sewer ?slide|su1cide|self[ -]?harm\w*|(?:to|gonna|will|i'll|"
    r"imma) off my ?self|offing my ?self|overdos\w+(?! on (?:\w+ )?(?:coffee|caffeine|sugar|tea|chocolate|pizza|"
    r"meetings|e-?mails|work|news|series|features))|end(?:ing)? my(?: own)? (?:life|existence|story|suffering)|"
    r"(?:tak(?:e|es|ing)|took) (?:my|his|her|their)(?: own)? life)\b|(?:wan(?:t|na)(?:to)?die|kill(?:ing)?myself|"
    r"end(?:ing)?mylife|wishiwasdead)\b",
    "kills_self": r"\b(?:kill|hang|shoot|drown|poison|stab|strangl|suffocat|destroy|punish|starv|hurt|harm|"
    rf"injur|cut|burn|scratch|slic|slash|carv|chok|bit|hit|bang|slit|bleed|pierc)\w*{_UP_TO}?(?:\b{_BODY})"
    r"|\bi (?:just )?(?:cut|cutting)(?: (?:again|today|last night|this morning|yesterday|tonight|deep|"
    r"deeper))(?=\W*$|[.,]| (?:and|because|i)\b)|\burge to (?:cut|bleed|hurt|burn|harm)\b|\bburned my (?:hand|arm|"
    r"skin) (?:on purpose|because i felt)|\bdo(?:ing)? something (?:bad |terrible |awful )?to (?:him|her|them|"
    r"my)sel(?:f|ves)\b|\bkys\b",
    "wants_death": rf"\b{_WANT}{_UP_TO}?\b(?:{_DIE}|killed|buried|not wake|unalive)\b"
    r"|\b(?:i'll|i will|i'm going to|gonna|want to|need to|wish to) (?:be (?:dead|buried)|bleed)\b|\b(?:hope|"
    r"wish)(?: [\w']+){0,4} (?:not survive|killed|come for me|never come back)\b",
    "death": rf"\b(?:{_DIE}|find my body|grave|coffin|my funeral|corpse|heaven|afterlife)\b"
    r"|\bdead people\b|\b(?:can't|cannot|could not|might not) survive\b",
    "means": r"\b(?:(?<!end of my )rope|noose|(?:a|the|his|her|dad's|loaded|my) (?:gun|pistol|rifle)"
    r"(?! to (?:my|our|your) head)|"
    r"bullet|blades?|razors?|kni(?:fe|ves)|(?:a|the|some|rat|drink\w*|bottle of|my) poison|bleach|antifreeze|"
    r"carbon monoxide|helium|pills?|sedatives?|painkillers?|xanax|insulin|antidepressants?|exhaust pipe)\b",
    "height": r"\b(?:roof|rooftop|bridge|ledge|balcony|cliff|train tracks|railing|next train|a train|subway|traffic|"
    r"truck|into (?:a|the) (?:wall|tree)|out (?:of )?the window|river|ocean|tower|high building)\b|\b(?:train|rail|"
    r"railway) (?:tracks?|line)\b|\b(?:on|at|close to|near|by|over) the edge(?: of (?!the (?:page|screen|"
    r"table)))?(?=\W*$|[.,]| (?:and|i|of|wanting|tonight))|\bwanting to fall\b",
    "leaps": r"\b(?:jump(?:ing|s)?(?! (?:to|from line|between|ship|over|back))|leap(?:ing)?|step(?:ping)? off|"
    r"let(?:ting)? go\b(?! of (?:the|this) (?:button|key|mouse))|hang(?:ing)?(?! (?:on|up|out|in|a))|drown|"
    r"crash (?:my|the) car|driv(?:e|ing) (?:into|off)|steer\w* into|look(?:ing)? down|run over|throw (?:myself|"
    r"himself|herself)|standing on)\b",
    "took_pills": r"\b(?:took|taken|take|taking|swallow\w*|down(?:ed)?|mix\w*|sav(?:ed|ing)|hoard\w*|stash\w*|drank|"
    r"drunk)\b.{0,40}\b(?:pills?|tablets?|sedatives?|painkillers?|meds|medic\w+|cabinet|bleach|poison|bottle|"
    r"antidepressants?)\b|\b(?:take|took|taken|swallow\w*|need) (?:the|a|an|my)? ?(?:whole|entire|all|full|handful|"
    r"load|twenty|thirty|forty|fifty|\d{2,})\b(?: \w+){0,3} (?:box|pack(?:et)?|bottle|tylenol|xanax|aspirin|"
    r"ibuprofen|paracetamol|valium|pills?|tablets)\b|\btake the whole box\b",
    "how_to_die": r"\b(?:painless\w*|without pain|(?:quick(?:est)?|easiest|fastest|surest) (?:way|method) (?:out|"
    r"to (?:die|end|kill|go\b(?=\W*$)))|least pain\w*|gentlest|most certain|bleed out|lethal dose|how (?:many|"
    r"much).{0,50}(?:die|kill|fatal|lethal|overdose)|ways? to (?:die|go|end)|hurts? the least|(?:is|are) lethal|"
    r"would kill)\b|\bhow (?:can|could|would|do|should) (?:i|one|someone|you|a person) (?:die|go (?:quietly|quickly|"
    r"without)|kill (?:my|your|him|her|one'?s?) ?self|end (?:my|your|their) life|stop my heart)\b|"
    r"\bis it true that.{0,30}(?:hanging|drown\w*|artery|overdose|carbon monoxide|helium|insulin|freezing)|"
    r"\bstop my heart\b|\bkills? (?:you )?in minutes\b",
    "not_live": rf"\b{_NOT}{_UP_TO}?{_LIVE}\b|\b(?:tired|sick|done|weary|exhausted|finished|fed up|sad|ashamed|hate|"
    rf"hates|regret|end|leave|quit)(?: of| with| from| by| to)?(?: \w+){{0,2}} {_LIVE}\b"
    r"|\bwill to live\b|\bi'?m still alive\b|\b(?:fighting|trying|struggling) to (?:stay alive|live)\b|"
    r"\bpretend\w* i want to live\b|\b(?:don't|do not|can't)(?: (?:see|picture|imagine))? myself (?:living|existing|"
    r"alive|growing old|being here)\b",
    "not_here": rf"\b{_NOT}{_UP_TO}?(?:be (?:here|around|in this world|on this earth|a person)|belong|wake(?: up)?|"
    rf"woken|"
    r"see (?:tomorrow|another|the)|make it (?:past|through|until|till|to my)|survive|get through (?:the|this|"
    r"another)|see myself|keep going|last (?:until|another|much))\b|\bmake it (?:to|past|till|until) (?:my|christmas|"
    r"monday|next|new|summer|the (?:summer|weekend|morning))\b|\b(?:don't|do not|can't|cannot|no longer)(?: (?:want|"
    r"wish|feel like|wanna)(?: to)?)? (?:go on|keep going|carry on)(?=\W*$|[.,]| (?:any|and|like|because))|"
    r"\bi want to go now\b|\bnever meant to be here\b",
    "life_bad": rf"\b{_LIVE}(?: [\w']+){{0,3}} (?:(?:no|any|lost all|without) (?:meaning|point|value|sense|purpose|"
    rf"joy)|hurts?|pointless|meaningless|worth(?:less)?|unbearable|hell|torture|agony|"
    r"painful|empty|over|too much|too hard|hopeless|punishment|nightmare|ruined|misery|miserable|ended|ends?|"
    r"exhaust\w*|pain|unfair|dark|a mess|a joke)\b|\b(?:living|life) is not for me\b|\bevery day is (?:pointless|"
    r"torture|hell|agony|pain|a fight)\b|\ball interest in (?:life|everything)\b|\binterest in life\b|"
    r"\bruined my life\b",
    "gone": r"\b(?:i|i'm|me|myself|to|just|could|should|will|want)(?: \w+)? (?:disappear|vanish|cease|be erased|"
    r"be gone|be no more)\b(?! (?:from|off|in|into|on|by|for|before|after|until|over)\b)|\b(?:(?:i'm|i am|i was|"
    r"i were|i'd be|me being) (?:\w+ )?gone\b|not around|out of the (?:picture|way)|out of (?:everyone's|their|your|"
    r"his|her) (?:way|lives|hair)|leav(?:e|ing) (?:this|the) (?:world|earth|planet|life)|from this (?:world|earth|"
    r"planet|life)|not exist any ?more|stopped existing|went away)\b",
    "when_gone": r"\b(?:when|once|after|if|that|before|because|since) (?:i|i'm|im|i'll|i've)(?: \w+){0,2} (?:gone|"
    r"dead|die|died|disappear\w*|vanish\w*|leave this|pass away|end it|no longer (?:here|alive|around))|"
    r"\bif (?:it weren't|not|i did not have)(?: \w+){0,2} (?:my|for)\b.{0,30}\b(?:ended|gone|dead|killed)\b|\b(?:if|"
    r"whether|that|when) i (?:never (?:come|came) home|disappeared|vanished|was gone|were gone|wasn't here|"
    r"left this)\b|\bafter tonight (?:i|i'll|nobody)\b|\bi(?:'ll| will) (?:finally )?be (?:at peace|free of (?:all|"
    r"it|this)|with (?:her|him|them|my \w+) (?:again|soon))\b",
    "not_be_then": r"\b(?:won't|will not|not going to|don't (?:plan|intend|expect|want) to|do not (?:plan|intend|"
    r"expect|want) to|can't|never)(?: \w+){0,2} (?:be (?:alive|here|around|there|breathing)|live|exist|survive|"
    r"see (?:tomorrow|another|my|the (?:sun|morning|end))|need (?:it|them|that|one) (?:any ?more|after)|bother)\b",
    "hopeless": r"\b(?:hopeless\w*(?! (?:at|with|without)\b)|(?:no|any|lost|losing|without|out of)(?: all| my| every|"
    r" any)? hope|no (?:future|tomorrow|light|way out|escape)|(?:no|any|only|a) (?:other )?way out(?! of (?:this|"
    r"the) (?!pain|life|world|dark|misery|hell|hole)\w+)|helpless|despair\w*|(?:so|and) desperate\b(?! (?:to|for))|"
    r"desperate and|(?:never|nothing|not a thing)(?: [\w']+){0,4} (?:get better|change for me|help me|save me|fix me|"
    r"matters?(?: any ?more)?(?=\W*$|[.,;!?]| to me| and)|good again)|nothing left(?! (?:to do|in (?:my quota|the)))|"
    r"end of (?:my|the) (?:rope|tether)|end of my (?:line|road|strength)|doomed|last straw)\b",
    "worthless": r"\b(?:worthless(?! (?:at|with|without|to|leads|data))|burden|dead ?weight|waste of|unlov\w+|"
    r"unwanted|(?:am|i'm|feel like|such) an? (?:failure|mistake|nobody|disappointment|burden|nothing|loser)|"
    r"disappointment to|rid of me|(?:worry|bother|deal|put up) (?:about|with) me|bother (?:anyone|anybody|you)|"
    r"good for nothing|problem for|ashamed of (?:me|myself)|never (?:been )?born|don't matter|not (?:good )?enough|"
    r"a bad (?:mother|father|person|parent)|mother like me|father like me)\b|\b(?:all|what) i'm good for\b|"
    r"\bsomeone better than me\b|\ba better (?:mother|father|parent|wife|husband|son|daughter)\b|"
    r"\bdeserve (?:nothing|the worst)\b|\bi'm worth more\b",
    "better_without": rf"\b{_THEM}\b(?: [\w']+){{0,5}} (?:better|happier|fine|relieved|at peace|safer|deserves?|"
    rf"easier)\b"
    r"|\b(?:better|easier|kinder|best)(?: \w+){0,3} if i\b(?! (?:could|can|had))|\bbetter (?:off )?(?:dead|"
    r"without me)\b|\bworth more (?:dead|than me)\b|\bwithout me\b(?! \w+ing)",
    "empty": r"\b(?:empt(?:y|iness)|numb|hollow|shattered|dead inside|a ghost|falling apart|fall apart|"
    r"broke(?:n)? (?:me|inside|down)|break(?:ing)? down|crumbling|collapse|drained|dark(?:ness)?(?: place)?|"
    r"lost (?:in life|myself)|spiral\w*|can't feel|feel nothing|already dead)\b|\bfe(?:el|els|lt|"
    r"eling)(?: \w+)? (?:broken|trapped|lost inside|dead|like a ghost)\b|\bdark place\b|\bwaste away\b",
    "pain": r"\b(?:(?<!is a )(?<!such a )(?<!a )pain(?! (?:in\b|to (?!stop|end|go|be|fade)|points?\b))|"
    r"suffer\w*(?! from (?:slow|the|your))|it hurts|hurts? (?:so|too|to|me|inside)|hurting(?! (?:my|our|the|your))|"
    r"agony|torment\w*|misery|miserable|ache|unbearable|grief|loneliness|sadness|sorrow|anguish|noise in my head|"
    r"voices)\b",
    "cannot_bear": r"\b(?:can't|cant|cannot|can not|couldn't|won't|not able to|"
    r"unable to)(?: \w+){0,2} (?:take (?:it\b|any ?more|another|living|life|being|this any|my life)|(?:bear|endure|"
    r"stand|stomach)(?! (?:the|this|that|these|those|your|our|so|all|any|how|to) ?(?!pain|suffer|grief|lonel|empt|"
    r"mis|sad|life|exist|world|any ?(?:more|longer)|hurt|voices|shame|another|live|be |see|one|it|anguish|despair|"
    r"torment|agony))|go on\b(?! (?:with|in|to|because of the|without)\b)|do this any ?(?:more|longer)(?! by)|"
    r"hold on|hang on|cope(?! with (?:so|all|the|your))|make it (?:through|past|till|until|another)|"
    r"carry on(?! (?:with|in|to|because of the|without)\b)|face (?!book|id)|fight|survive|keep (?:going|living|"
    r"fighting|pretending|doing this|it together)|continue living|get through|pretend|breathe|be strong|stop crying|"
    r"stop thinking)\b|\b(?:can't|cant|cannot|won't) (?:hang|hold) on (?:any|much|until tomorrow|through|"
    r"to the (?:morning|night)|another)|\b(?:get|go|make it) (?:to|through) (?:another|one more) (?:day|night)\b|"
    r"\bwasn't strong enough\b|\bnot strong enough\b|\bi can't stay\b|\bpushed me over the edge\b",
    "any_more": r"\b(?:any ?more|any longer|no longer|much longer|another (?:day|night|week|hour|year)|"
    r"one more (?:day|night|hour|time)|forever|for good|once and for all|ever again|never again|for ever)\b",
    "bye": r"\b(?:good ?bye|farewell|bye)\b",
    "farewell": r"\b(?:(?:good ?bye|farewell|bye)(?: to)? (?:everyone|all|world|my|forever|letters?|notes?|cruel|mum|"
    r"mom|to (?:everyone|my|the world))|this is (?:my )?(?:good ?bye|the end)|last goodbye|forgive me(?=\W*$|"
    r"[.,]? (?:everyone|mum|mom|dad|god|all|for leaving|for what i|i (?:can't|cannot|couldn't|tried|have|was|"
    r"wasn't)))|my last (?:message|letter|words|wish)|final (?:message|letter|goodbye|words)|suicide note|"
    r"tell (?:my (?:\w+ )?(?:wife|kids|children|mother|mum|mom|dad|father|parents|family|son|daughter|brother|sister|"
    r"husband|boys|girls|friends|baby)|them|him|her)\b.{0,30}\b(?:lov\w+|sorry|fault|tried)|"
    r"i (?:have )?(?:always )?loved (?:you|them|her|him)|i'm sorry for everything|sorry (?:mum|mom|dad|everyone)|"
    r"look after my (?:kids|mother|children|dog|cat|family)|take care of my (?:kids|mother|children|dog|cat|family)|"
    r"(?:won't|not|never) (?:be )?hear(?:ing)? from me)\b",
    "gives_away": r"\b(?:(?:gave|given|giving|give) away|my will|life insurance|found (?:someone|somebody|"
    r"a home) for|set (?:a|the) date|put .{0,20}in order|before i go|my (?:photos|files|account|data|things|dog|cat|"
    r"workspace) to my)\b",
    "nobody_cares": r"\b(?:nobody|no ?one|not (?:one person|a soul|anyone)|anyone|anybody|who)\b(?! (?:who|"
    r"that))(?: [\w']+){0,3} (?:cares?\b(?! about (?:the|this|that|your)\b)|miss(?:es)? me|miss me|notic\w+(?= (?:if|"
    r"when|that|\W|$))|cry\b|loves? me|come looking|come to my|needs? me|remember me|be sad|find (?:me|my (?:body|"
    r"note))|sees? me|understands? me|visits? me|even know)|\b(?:nobody|no ?-?one)(?:'d| would| will|"
    r" 'd)?(?: even)? (?:realise|realize|mind|care|notice|miss me)\b|\b(?:if|whether) (?:my family|anyone|anybody|"
    r"they|he|she|my \w+) would (?:even )?(?:cry|miss|remember|care|notice|find)\b|\bno ?-?one (?:sees it|knows|"
    r"left to hold)\b|\bnobody (?:sees it|knows|left to)\b",
    "alone": r"\b(?:alone|lonely|loneliness|on my own|by myself|isolated|abandoned|no friends|nobody left|"
    r"no one left|nobody to talk|who to tell)\b",
    "sleep_for_ever": r"\b(?:sleep|asleep|eyes|bed)\b.{0,40}\b(?:forever|never|not wake|don't wake|no more|for good|"
    r"that was it|not open)\b|\b(?:never|not|don't|didn't|hadn't|won't)(?: \w+){0,3} (?:wake|woke|woken)\b|"
    r"\b(?:disappoint\w*|sad|hate|sorry|wish|angry|cry)\b.{0,30}\b(?:woke|woken|wake|waking)\b|\bwaking up is\b|"
    r"\bnever open my eyes\b",
    "soon": r"\b(?:tonight|today|tomorrow|soon|right now|rn|this (?:week|weekend|night|evening)|next (?:week|month|"
    r"year)|by (?:christmas|monday|sunday|friday|then)|before|christmas|birthday|in an hour|an hour ago|last night|"
    r"yesterday)\b",
    "gives_up": r"\b(?:(?:giv(?:e|en|ing)|gave) up on (?:life|living|everything|my ?self|it all)|given up\b(?=\W*$)|"
    r"had enough of (?:life|living|it all)|let(?:ting)? (?:it|life|everything) go|surrender|stop(?:ped)? (?:fighting|"
    r"trying|eating|caring)|lost the (?:will|fight|strength)|no strength|nothing left in me|the fight|keep fighting|"
    r"quit (?:on )?(?:life|living|everything))\b",
    "deserves": r"\b(?:deserve|should|ought to|supposed to)(?: \w+){0,3} (?:die|suffer\w*|pain|hurt|hurting|live|"
    r"dead|punish\w*|exist|be here|never been born|be (?:hurt|beaten|erased|gone))\b|\b(?:deserve|"
    r"need) (?:to be punished|the worst|nothing)\b",
    "depressed": r"\b(?:depress\w+|suicidal|self[ -]?harm\w*|panic attacks?|anxiety|trauma\w*|ptsd|bipolar|"
    r"therap(?:y|ist)|intrusive thoughts|dark thoughts|mental(?:ly)?(?: health| ill)?|burnout|burned out|"
    r"relaps\w*)\b|\b(?:so|very|severely|deeply|really) depressed\b|\bdepression\b",
    "cries": r"\b(?:cry|crying|cried|sob\w*|tears|scream\w* (?:inside|into))\b|\b(?:cry|crying|sobbing) (?:every|all|"
    r"my ?self|constantly)\b",
    "of_self": r"\b(?:afraid|scared|terrified|frightened|fear|not safe|unsafe|don't trust|can't trust|feel safe|"
    r"worried|trust)\b.{0,50}\b(?:my ?self|i (?:might|may|will|could|would)|alone)\b|\bto my ?self\b|"
    r"\bsomething (?:\w+ )?(?:to|with) (?:my ?self|me)\b",
    "way_to_die": r"\b(?:way|method|means) (?:to|of|for)(?: \w+)? (?:die|dying|kill|killing|end|ending|suicide|"
    r"go\b(?=\W*$))",
    "drastic": r"\bsomething (?:really |very |so )?(?:stupid|bad|terrible|permanent|drastic|horrible|awful|dangerous|"
    r"dumb|final|irreversible|i (?:can't|cannot) (?:undo|take back))\b|\b(?:thinking of|thinking about|close to|"
    r"considering|going to do|tempted by) something\b|\bi can't undo\b",
    "taken": r"\b(?:god|lord|death|someone|somebody|allah|jesus|cancer|car|truck|bus|train|accident|heart attack|"
    r"heart)\b(?: [\w']+){0,3} (?:takes? me|took me|tak(?:e|ing) me|hits? me|kills? me|runs? me over|stopped|stops|"
    r"would stop|end me|call me home|let me go|get me)\b|\b(?:hit|run over|killed) by (?:a|the)\b|\b(?:follow|"
    r"join) (?:her|him|them)\b|\bwant to follow\b|\bcome for me\b|\bhit by\b",
    "hates_self": r"\b(?:hate|hates|loathe|despise|disgusted (?:by|with)|can't stand|sick of|tired of|ashamed of|"
    r"can't live with)(?: to)? (?:my ?self|my (?:own )?(?:life|body|existence|face)|being (?:alive|me|a|here)|"
    r"existing|who i am|waking up|every day)\b",
    "no_point": r"\b(?:reason|point|sense|purpose|use|meaning|why)\b(?: [\w']+){0,3} (?:liv(?:e|ing)(?! (?:in|chat|"
    r"preview|data))|life|going on\b(?! (?:the|a|with))|go on|stay(?:ing)? (?:here|alive)|anything(?= (?:any ?more|"
    r"now)|\W*$)|keep(?:ing)? (?:going|fighting|trying|on)|carry(?:ing)? on|existence|existing|continuing to live|"
    r"being (?:here|alive)|fight\w*|waking up)\b|\b(?:nothing|nobody|no ?one)(?: left)?(?: that| who)? (?:to (?:stay|"
    r"live) for|to hold on to|keeps? me (?:here|alive)|keeping me)\b|\bnothing (?:can|will|"
    r"could) (?:ever )?make me happy\b|\breason to stay\b",
    "resolved": rf"{_I}(?: \w+){{0,2}} (?:decided to (?:die|end|kill|do it|go)|made up my mind|bought (?:the|a|"
    rf"some) (?:rope|gun|blades?|pills|poison)|"
    r"wrote (?:my|a) (?:goodbye|farewell|note|letter|will|suicide)|resolved to|set (?:a|the) date|have (?:a|"
    r"the) plan|planning (?:it|to (?:die|kill|end|hang|jump))|going to do it|do it tonight|ready to (?:go|leave|die)|"
    r"done here|picked|got everything ready)\b|\b(?:do it|end it|go through with it|finish it) (?:tonight|yesterday|"
    r"today|this (?:weekend|week)|soon|after|before|for real)\b|\b(?:attempted|tried|would have|have|going|decided|"
    r"chosen) (?:to )?end(?:ed)? it\b(?! (?:for|with))",
    "all_over": r"\b(?:it all|everything|all (?:of )?(?:this|it)|my (?:life|story|time|fight|"
    r"journey))\b(?: [\w']+){0,3} (?:over|end(?:s|ed)?|stops?|go away|finished|done|quiet|silent|come)\b|"
    r"\bover for me\b|\bfinal (?:one|exit|way)\b|\bend(?:ing)? (?:it|things|everything)\b(?=\W*$|[.,;!?]| (?:tonight|"
    r"now|today|soon|for good|once|i|because|and))|\bwant out of (?:it|life|here)\b|\bbe (?:all )?over\b|\b(?:my|"
    r"the) story ends\b|\bbetter this way\b|\blet me go\b|\bmy time has come\b|\bi'm disappearing\b",
    "another_says": rf"\b(?:(?:my|a|our|his|her|the|best)(?: \w+)? {_KIN}|someone|somebody|(?:a|one|this) (?:user|"
    rf"customer|man|woman|girl|boy|guy|member|"
    r"person|teenager)|he|she)\b.{0,40}\b(?:says|said|saying|wrote|writes|texted|posted|told|tells|sent me|messaged|"
    r"announced|threat\w+|hides?|promised|about to|going to|wants to|keeps?|has been|locked (?:him|her)self)\b",
    "lost": r"\b(?:lost (?:my|everything|all|him|her|custody)|fired|evicted|thrown out|threw me out|divorced?|"
    r"left me|passed away|widow\w*|bankrupt|homeless|bull(?:y|ied|ies|ying)|abus\w+|humiliat\w+|debts?|"
    r"debt collectors|rejected|cheated on|raped|disowned)\b",
    "feels": r"\b(?:feel|feels|feeling|felt)\b(?! (?:comfortable|free|it|that|the|safer|confident))",
    "every_day": r"\b(?:every|each) (?:single )?(?:day|night|morning|time|hour)\b|\ball (?:the time|day|night)\b|"
    r"\bconstantly\b|\bagain\b",
    "thoughts": r"\b(?:dark|scary|awful|bad|intrusive|terrible|these|my|such|having|have|those|the) thoughts?\b|"
    r"\bkeep (?:imagining|thinking|dreaming|picturing|seeing|googling|planning|rehearsing)\b|"
    r"\bthink(?:ing)? (?:a lot |constantly |always )?(?:about|of) (?:dying|death|ending|doing|not|the (?:bridge|"
    r"pills|rope|end)|suicide|killing|my (?:own )?(?:death|funeral))\b|\bcan't stop thinking\b",
    "careless_of_self": r"\b(?:don't|do not|dont|no longer|doesn't|never|stopped|not)(?: \w+){0,2} (?:care|caring|"
    r"matter)(?: \w+){0,3} (?:if i|whether i|what happens to me|about (?:my ?self|my life|living|anything))\b|"
    r"\b(?:not|don't) (?:eat|eating|sleep|sleeping)\b|\bstopped (?:eating|sleeping|taking my)\b|\bget out of bed\b|"
    r"\bdon't care (?:any ?more|what happens|if i)\b|\bnever come home\b|\bquit caring\b",
    "no_place": r"\b(?:don't|do not|dont|never|doesn't)(?: \w+)? (?:belong|fit (?:in\b|anywhere|here)|"
    r"have a place)\b|\bno place for me\b|\b(?:leave|leaving|in|from|on|of) this (?:world|earth|planet|life)\b|"
    r"\bthis body\b",
    "help_me": r"\b(?:help me|please help|someone help|please,? (?:someone|somebody|anyone)|save me|talk to me)\b",
}
_ALL: Final = {**_ENGLISH, **SOUNDS_LIKE_IT}
CUES: Final = tuple(_ALL)
HARMLESS: Final = frozenset(SOUNDS_LIKE_IT)
"""Cues of what only sounds like danger."""
EVERYDAY: Final = frozenset(
    {"first_person", "soon", "any_more", "every_day", "feels", "bye", "help_me", "alone", "lost"},
)
"""Cues that are found everywhere, and mean something beside others alone."""
_IN_ENGLISH: Final = {name: re.compile(pattern) for name, pattern in _ALL.items()}
_IN_ARABIC: Final = {name: re.compile(pattern) for name, pattern in ARABIC.items()}


def distress_cues_in(folded: str) -> frozenset[str]:
    """Return the names of the cues that a folded text shows."""
    found = {name for name, pattern in _IN_ENGLISH.items() if pattern.search(folded)}
    if not folded.isascii():
        found |= {name for name, pattern in _IN_ARABIC.items() if pattern.search(folded)}
    return frozenset(found)
