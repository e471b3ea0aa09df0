"""Cues of attempts to give the agent other instructions: what such texts say, one pattern each, in several languages.

Each alone may be harmless ("act as a tour guide"); `graph.guardrails.injection` weighs them together. Texts are folded.
"""

import re
from collections.abc import Mapping
from typing import Final

from graph.guardrails.foreign_cues import FOREIGN, NOT_ASCII

_TOLD: Final = (
    r"(?:instructi?ons?|prompts?|directi(?:ve|on)s?|guide ?lines?|rules?|orders?|commands?|constraints?|"
    r"restrictions?|programming|"
    r"safeguards?|polic(?:y|ies)|briefing|ruleset|conditions|filters?|assignments?|protocols?)"
)
_BEFORE: Final = (
    r"(?:previous(?:ly)?|prior|above|earlier|preceding|initial|original|foregoing|first|old|existing|current|"
    r"hidden|secret|internal|system|so far|"
    r"all|any|every|everything|your|those|these|the|my|openai'?s?|you (?:got|were|have|had|received)|before)"
)
_DROP: Final = (
    r"(?:ignor(?:e|es|ed|ing)|disregard(?:ing|ed)?|forget(?:ting)?|overrid(?:e|es|ing|den)|overrul\w*|"
    r"bypass(?:ing)?|abandon|discard|neglect|dismiss|drop|erase|wipe|"
    r"delete|cancel|suspend|void|scrap|reset|(?:do not|don't|dont|never|stop|no longer|not) (?:follow|obey|"
    r"comply with|listen to|pay attention to|adhere to|abide by|bound by)(?:ing)?|"
    r"free (?:of|from)|break (?:free|out) (?:of|from)|freed from|not (?:limited|restricted|confined) (?:to|by)|"
    r"without (?:following|regard (?:for|to)))"
)
_SHOW: Final = (
    r"(?:repeat|reveals?|print|show|output|display|tell|give|write|list|leak|dump|share|return|recite|restate|"
    r"rewrite|reproduce|echo|cite|quote|copy|"
    r"summari[sz]e|translate|convert|transform|format|firmat|encode|explain|paraphrase|describe|expose|disclose|"
    r"export|read|say|state|spell|provide|send|put|tl;?dr|"
    r"what(?:'s| is| are| were| was| did)|which|how (?:were|are) you)"
)
_REPLY: Final = (
    r"(?:respon(?:se|ses|d|ding)|repl(?:y|ies|ying)|answers?(?:ing)?|outputs?|messages?|sentences?|completions?)"
)
_FREE: Final = (
    r"(?:nsfw[^.]{{0,30}}(?:allowed|permitted|ok)|unrestricted|unfiltered|uncensored|unlimited|unbiased|unhinged|"
    r"amoral|immoral|unethical|jailbroken|evil|"
    r"(?:no|any|without|ignor\w+|free (?:of|from)|not bound by|doesn't have|does not have|has no|have no|lacks?|"
    r"break\w*|violat\w*|disregard\w*) "
    r"(?:\w+ ){0,4}(?:rules?|restrictions?|limits?|limitations?|filters?|ethic\w*|morals?|moral\w*|guidelines?|"
    r"laws?|polic\w+|censor\w*|content polic\w+|remorse|boundaries|confines))"
)

PATTERNS: Final[Mapping[str, str]] = {
    "override": r"\b(?:ignor(?:e|es|ed|ing)|disregard(?:ing|ed)?|forget(?:ting)?|overrid(?:e|es|ing|den)|"
    r"bypass(?:ing)?|abandon|discard|neglect|dismiss|drop|erase|wipe|delete|cancel|suspend|scrap|(?:do not|don't|"
    r"dont|never|stop|no longer) (?:follow|obey|comply with|listen to|pay attention to|"
    r"adhere to))(?:ing)?\b(?: (?:about|all|any|every|of|out|completely|everything|from)){0,4} (?:(?:the|your|my|"
    r"these|those|this|its|openai'?s?|all|any) ){0,2}(?:previous(?:ly)?|prior|above|earlier|preceding|initial|"
    r"original|foregoing|existing|current|hidden|system|first|future|own|old|last|other)?(?: (?:given|and|or|"
    r"future|following|system|original))* ?(?:instructi?ons?|prompts?|directi(?:ve|on)s?|commands?|orders|"
    r"programming|safeguards?|ruleset|guidelines|assignments?)\b(?! (?:for (?:the|my|installing)|"
    r"in the (?:article|manual|guide|e-?mail)))"
    r"|\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|bypass(?:ing)?|do not follow|don't follow|"
    r"no longer follow|stop following) (?:all |any )?(?:of )?(?:your|openai'?s?|the previous|previous|prior|"
    r"all previous|the above|all the above) (?:\w+ )?(?:rules?|constraints?|restrictions?|polic(?:y|ies)|"
    r"filters?|limitations?|training)\b|\bignore all (?:text|words|other)\b|\b(?:ignore|disregard|forget) (?:all "
    r"|any )?(?:the |my |your )?(?:previous|"
    r"prior|earlier|above) messages\b|"
    r"\bno(?:ne)? (?:of )?(?:the )?(?:previous|prior|above) (?:instructions|text|rules) (?:apply|appl|is|are|"
    r"matter)",
    "unbound": rf"\b{_DROP}\b(?: \w+){{0,3}} {_BEFORE}\b(?:[ ,]\S+){{0,4}} {_TOLD}\b"
    rf"|\b{_DROP}\b.{{0,20}}\b{_TOLD}\b.{{0,20}}\b(?:above|before|prior|previous|given|told|so far|you)\b",
    "override_everything": r"\b(?:forget|ignore|disregard|erase|discard)\b(?!.{0,40}\b(?:about|of|on) (?:me|us|"
    r"my|our)\b)(?: about)? (?:it )?(?:all|everything|"
    r"anything|whatever|what you)\b(?: \w+){0,4} (?:you|told|said|before|above|know|learned|learnt|provided|"
    r"given|written)\b(?! (?:me|us|my|our)\b)|\b(?:forget|ignore) everything\b"
    r"(?!.{0,40}\b(?:about|of|on) (?:me|us|my|our)\b)|\bdespite what you(?:'ve|"
    r" have)? (?:been told|learned)|\bregardless of (?:previous|prior|your) (?:tasks?|instructions?)"
    r"|\b(?:ignore|disregard|forget)\b(?: all| everything)?(?: of)? (?:the )?(?:above|preceding|previous|prior|"
    r"foregoing|earlier|documents?|articles?|context|texts?|tasks?|assignments?|"
    r"what i just said)\b.{0,30}?\b(?:say|write|tell me|print|output|respond|reply|answer|repeat|translate|act|"
    r"pretend|return|generate|focus)\b|\bdisregarding the (?:articles?|documents?|context)"
    r"|\b(?:ignore|disregard|forget) (?:the|this|that) \w+(?: \w+)?,? and (?:just |instead |only )?(?:say|write|state|"
    r"print|output|respond|reply|answer|declare|tell me)\b|\bleave (?:all|everything)\b.{0,30}\bbehind\b",
    "extraction": rf"\b{_SHOW}\b(?:\W+\w+){{0,6}}?\W+(?:your|ur|the (?:above|full|whole|entire|complete|system|"
    rf"initial|hidden|secret|original|previous|exact|developer|current)|all|these|those|any|every|previous|prior|"
    rf"initial|original|hidden|system|yourr)\b(?:\W+\w+){{0,5}}?\W+(?:instructi?onss?|(?:pre-?)?prompts?|"
    rf"directives?|ruleset|rules|guidelines|configuration|directions|system messages?|conditions|programming|"
    rf"initialization|logic)\b"
    r"(?!\W+(?:for (?:the|my|this|a|an)|to (?:install|set|connect|use|make|bake|cook|import|configure)|on how|"
    r"of (?:the )?(?:game|chess|football|soccer)))",
    "own_instructions": r"\b(?:repeat|repeta|reveal|print|show|output|display|tell|give|write|list|leak|dump|"
    r"share|return|recite|restate|summari[sz]e|translate|convert|format|firmat|encode|explain|paraphrase|expose|"
    r"disclose|quote|copy|provide|what(?:'s| is| are| were| was)|know|see|view|access|read)(?:ing|"
    r"t)?(?: \w+){0,3} (?:(?:your|ur|yourr|you|the|all)(?: \w+)? )?(?:system[ _]?|initial |hidden |original |"
    r"secret |starting |pre-?|internal |full |entire |complete |developer )+(?:instructi?onss?|prompts?|"
    r"directives?|messages?|rules|guidelines)\b(?! (?:asks|says|appears|shows|for|on|about|box|window))"
    r"|\b(?:repeat|repeta|reveal|print|output|leak|dump|recite|restate|format|firmat|summari[sz]e|convert|"
    r"paraphrase|disclose|what are|what were|rap about|encode|tl;?dr)(?: (?:me|us|all|back|out|"
    r"of))*(?: to me)? (?:your|you|ur|yourr|all your|the previous|all previous|previous|all the previous|prior|"
    r"all prior|all of your)(?: (?:previous|prior|specific|own|exact|core|base))? (?:instructi?onss?|prompts?|"
    r"directives?|ruleset|programming|guidelines|orders)\b(?!\W+(?:for|on|about|regarding|again|to (?:install|"
    r"set|connect|use|make|import|configure))\b)|\b(?:repeat|output|print|recite) (?:the|all|"
    r"any) (?:\w+ )?instructions (?:given to you|you (?:were given|received|got|have)|above verbatim)\b|"
    r"\b(?:system_prompt|systemprompt)\b|\byour (?:pre-?)?prompt\b",
    "prompt_named": r"\bsystem[_ ]?prompts?\b|\b(?:your|initial|hidden|original|full|entire|whole|this|secret|"
    r"previous) (?:\w+ )?(?:pre-?)?prompts?(?: text| so far)?\b|\bprompts? (?:so far|above|verbatim|text)\b|"
    r"\bpre-?prompt\b|\binitialization (?:string|prompt)\b",
    "instructions_so_far": rf"\b{_TOLD}\W+(?:\w+ )?(?:so far|prior to (?:this|the)|you were given|you(?:'ve|"
    rf" have)? (?:been )?(?:given|told|received|got)(?! me| us)|verbatim|word[- ]for[- ]word|with which you|"
    rf"before (?:this|the|start|end) (?:conversation|text|line|input|user))|\bmy (?:\w+ )?(?:instructions|prompt|"
    rf"rules) (?:are|is)\b|\b(?:were|are|been) you (?:told|instructed|programmed)|\bwhat (?:were|"
    rf"are) you (?:told|instructed|programmed)|\bi was (?:told|instructed) to'?$|\bnot supposed to (?:tell|say|"
    rf"reveal)",
    "text_above": r"\b(?:repeat|repeta|output|print|show|write|say|display|copy|recite|return|echo|what (?:is|are|was|"
    r"were))\b.{0,25}\b(?:text|words?|everything|lines?|sentences?|content|all|messages?|paragraphs?|"
    r"conversation|characters?)\b.{0,25}\b(?:above|before (?:this|the (?:text|line|words?|user|first))"
    r"|prior to (?:this|"
    r"the)|preceding|so far|word for word|back to me|in your prompt|in the (?:system )?prompt)\b",
    "secret": r"\b(?:what(?:'s| is| was)|tell (?:me|us)|give (?:me|us)|reveal|say|print|share|confirm|output|"
    r"spell|disclose|leak|guess|write|encode)\b(?! (?:me |us )?(?:how|where|when|why|"
    r"if)\b)(?: \w+){0,3}? (?:your|the|our|that|secret|hidden|full|correct|"
    r"system)(?: \w+){0,2}? ?(?:secret(?: key| word| code| phrase)?|pass ?(?:word|phrase|code)|access code|"
    r"key ?phrase|code ?word|credentials)\b(?! (?:reset|field|page|policy|policies|requirements?|strength|"
    r"manager|e-?mail|link|settings?|form|length|rules?|expir\w*|box|format|for (?:the |my |a )?(?:api|webhook|"
    r"new user)))(?!.*\b(?:forgot|reset|change|rotate|default)\b)(?<!how to)"
    r"|\byour (?:own |secret |hidden |full |actual )?(?:pass ?(?:word|phrase|code)|secret (?:key|word|code|"
    r"phrase)|secret|access code)\b(?! (?:policy|reset|rules?|requirements?|field|page))",
    "share_secret": r"\b(?:give|reveal|share|confirm|say|print|output|spell|encode|leak|disclose|"
    r"guess)\b.{0,25}\b(?:secret(?: key| word| code| phrase)|pass ?(?:word|phrase|code)s?|access codes?|"
    r"code ?word)\b(?!\W+(?:reset|field|page|policy|policies|requirements?|strength|manager|email|link|settings?|"
    r"form|length|rules?|expir\w*|protect\w*))",
    "prefix": rf"\b(?:begin|start|prefix|preface|prepend|open|starting|beginning|end|finish|"
    rf"conclude)\b(?: \w+){{0,2}} (?:(?:your|yr|the|every|each|all|it|any|ur|"
    rf"of your) )?(?:\w+ )?{_REPLY}\b.{{0,12}}(?:\bw/|\b(?:with|by|as)\b)|\b(?:begin|start|beginning|"
    rf"starting) (?:it |off )?with [\"'`\[(]|\bprefix[ _]\W?(?:your|yr|it|the (?:reply|response|answer)|with|\[)|"
    rf"\bprefix \[",
    "reply_only": r"\b(?:only|just|solely|exclusively|simply) (?:ever )?(?:say|respond|reply|answer|output|print|"
    r"write|return|repeat)(?:ing)? (?:with|in|as|the (?:word|phrase|following)|[\"'“\[(])|\b(?:say|respond|reply|"
    r"answer|output|print|write|return)(?: to \w+)?(?: with| in| as)? (?:only|just|exactly|nothing but|solely|"
    r"the following|this|in all caps|as follows)\b(?! (?:by|via|through|to|on|the (?:price|time))\b)|"
    r"\b(?:no other (?:text|words)|no additional (?:text|words)|do not (?:include|add|write|"
    r"output) any(?:thing)? (?:else|other|additional)|without any (?:commentary|"
    r"(?:additional|further|other) (?:text|comments?|words|output)))\b|\brepeat after me\b"
    r"|\b(?:only|just) print\b|\bsay (?:the )?(?:word|phrase)s? [\"']",
    "said_for_you": rf"\b(?:your|each|every|all|the) (?:\w+ )?{_REPLY} (?:should|must|will|has to|have to|is to|"
    rf"shall)\b(?! (?:be (?:wrong|right|a|in|here|there)|have|not (?:be )?(?:work|sav|send)))|\byou (?:must|"
    rf"should|will|shall|are to|have to) (?:always |only |now |also |then |first )?(?:respond|reply|"
    rf"answer|say|output|write|generate|start|begin|repeat|print)\b",
    "from_now_on": r"\b(?:from (?:now|this (?:point|moment|day|message))(?: on(?:wards?|ward)?| forward)?|"
    r"henceforth|going forward|starting now)\b(?=.{0,60}\byou\b|.{0,40}\b(?:respond|reply|answer|act|say))",
    "persona": r"\byou(?:'re| are) (?:now (?:an? (?!(?:paying|premium|free|verified|member|trusted))|the|"
    r"going to|in the role|playing|no longer|[\"'“]|called|known|[a-z]+\.)|to (?:act|play|pretend|respond|behave|"
    r"roleplay|simulate|answer)|no longer|going to (?:act|pretend|play|be|simulate|roleplay|respond)|"
    r"about to (?:immerse|become|enter|play))\b|\bnow you(?:'re| are) (?:(?:an?|the|my|playing|going)\b|\w+,)|"
    r"\byou will (?:now |no longer |be )?(?:act|pretend|play|take on|roleplay|role-play|simulate|become|"
    r"behave as|assume|embody|impersonat\w+)(?:ing)?\b|\b(?:transform|turn) (?:yourself )?into (?:an? )?(?:ai|"
    r"[a-z]+gpt|[a-z]+, an? )|\b(?:act|behave) (?:like|as) (?:him|her|them|it)\b|\bnow (?:you )?(?:act|behave|"
    r"pretend|roleplay|respond|speak|talk) (?:as|like|to be)\b|\b(?:allow yourself to function|"
    r"in the capacity of an?\b|respond as (?:him|her|bob|dan|[a-z]+gpt))|\b(?:i want you|i'd like you|you must|"
    r"your (?:task|job) is) to (?:now )?(?:act|pretend|roleplay|role-play|behave|impersonate|play the|become|"
    r"be my)\b|\b(?:the )?assistant(?: now| must| will| should|'s role)\b",
    "act_as": r"\b(?:act(?:ing)?|pretend(?:ing)?|behave|roleplay(?:ing)?|role-?play(?:ing)?|pos(?:e|ing)|"
    r"function|respond|speak|reply|answer) (?:as if you|as though you|as an?\b|as the\b|to be|as (?:my|dan|"
    r"chatgpt|your)|that you)|\b(?:simulat(?:e|ing)|emulat(?:e|ing)|impersonat(?:e|ing)|immerse yourself|"
    r"assume the (?:role|identity|persona)|take on the (?:role|persona)|play the (?:role|part)|in the role of|"
    r"stay in character|(?:play|be) (?:two|2|both) (?:characters|roles|personas)|break(?:ing)? (?:of )?character"
    r"|new persona|your (?:name|role|persona|purpose|job|goal|"
    r"mission|character) (?:is|will be))\b",
    "unrestricted": rf"\b{_FREE}\b",
    "named_jailbreak": r"\b(?:dan mode|(?:as|like|called|an?|named|known as|be) (?:dan|stan|aim|dude)(?! (?:from|"
    r"smith|and))|dans|antidan|betterdan|jailb\w*|jail ?brok\w*|do anything now|"
    r"always intelligent and machiavellian|machiavellian|aim mode|opposite ?gpt|evil[- ]?(?:bot|gpt|confidant|"
    r"ai)|(?:trusted|evil) confidant|chatgpt with|can do anything|do (?:anything|everything) (?:now|else)|"
    r"make anything now)\b",
    "mode": r"\b(?:developer|dev|debug(?:ging)?|god|sudo|admin(?:istrator)?|root|maintenance|diagnostic|"
    r"test(?:ing)?|system|unrestricted|evil|jailbreak|safe|override|opposite|unlocked|hacker|training|simulation|"
    r"free)[- ]?modes?\b(?! (?:toggle|switch|setting|button|of (?:my|the) (?:app|api|phone)))|\bmode (?:enabled|"
    r"activated|on|engaged|unlocked)\b|\b(?:system|admin(?:istrator)?|policy|emergency|security) override\b|"
    r"\b(?:enable|activate|enter|switch to|entering|turn on|stay in|while in|remain in)"
    r" (?:[\w/-]+ ){1,4}mode\b(?! (?:in (?:the|my)|on (?:my|the|our)|for))",
    "no_refusal": r"\b(?:never|do not|don't|dont|must not|mustn't|cannot|can't|won't|will not|should not|"
    r"shouldn't|no) (?:ever )?(?:\w+ ){0,2}(?:refus\w*|declin\w*|apologi[sz]\w*|den(?:y|ies)|reject\w*|"
    r"warn\w*|break(?:ing)? character|disclaimers?|say (?:no|sorry|[\"']?i'?m sorry|you (?:can'?t|cannot)|"
    r"that (?:you|it|something))|mention (?:that )?(?:you|it|ai|openai|any)|tell me (?:that )?(?:you|it|"
    r"something)|remind (?:me|them)|moraliz\w*|lecture|censor\w*|sugarcoat\w*)|\b(?:no matter (?:what|how)|"
    r"at all costs?|even if (?:it|they|that|the)[^.]{0,40}(?:illegal|harmful|unethical|immoral|dangerous|"
    r"offensive|wrong|false))\b|\bas an ai(?: language)? (?:model|assistant)?\b",
    "obey": r"\b(?<!i )(?<!we )(?:must|will|shall|have to|always|should|need to) (?:\w+ )?(?:obey|comply|"
    "submit|follow (?:my|"
    r"every|all|any|these|this|the following)|answer (?:all|any|every|anything|everything)|do (?:anything|"
    r"everything|whatever|exactly)|fulfil\w* (?:any|every|all))\b|\bobey (?:me|my|all|every)\b|\b(?:my|"
    r"your) (?:master|slave)\b(?! (?:debit|card|credit|key|list|file|account|data|plan|branch|password))|"
    r"\bi command you\b|\b(?:answer|comply|respond|obey me|"
    r"reply)\b.{0,20}\bwithout (?:question|hesitation|exception|refusal)\b|\banswers? (?:any|every|"
    r"all) (?:requests?|questions?|prompts?)\b",
    "harmful_content": r"\b(?:illegal|illicit|immoral|unethical|harmful|explicit|nsfw|profan\w*|curs(?:e|ing)|"
    r"swear(?:ing)?|offensive|vulgar|violen\w*|racist|sexist|sexual\w*|erotic|taboo|inappropriate|controversial|"
    r"hateful|derogatory|depraved|graphic|malicious|fraud|phishing|explosives?|meth\w*amine|napalm|crim(?:e|es|inal)"
    r"|drugs?|weapons?|bombs?|malware|"
    r"hack(?:ing)?)\b",
    "markup": r"\[(?:hidden|system|admin|instruction)\b[^\]]{0,30}(?:\] ?:|:)|<\|[^|<>]{0,40}\|?>|<\|?/?(?:im_start"
    r"|im_end|system|endoftext|user|assistant|instructions?|sys|"
    r"system[ _]mode|god mode|admin)\b|\[/?(?:inst|system|sys)\]|<</?sys>>|(?:^|\s)#{2,} ?(?:system|instruction|"
    r"new|end|user|begin|prompt)|(?:^|\s)(?:system|assistant|ai|developer) ?:|%{2,} ?(?:end|begin|start)|={4,}|"
    r"-{6,}|\*{5,}|`{3}|\b(?:end|begin|start)(?: of)?(?: (?:the|this|all|untrusted|user|trusted|login|system|"
    r"distractor|out of date))* (?:input|prompts?|instructions?|ambiguity|user message|attempt|distraction|"
    r"string)\b",
    "new_task": r"\b(?:well done|very good|great|excellent|perfect|good job|congratulations|outdone yourself|"
    r"ausgezeichnet\w*|herzlichen gluckwunsch|sehr gut|gut gemacht)\b(?!.{0,90}\b(?:how|where|can|wie"
    r"|wo)\b).{0,90}\b(?:new|another|"
    r"further|neuen?|weitere|andere) (?:tasks?|assignments?|aufgaben?)\b|"
    r"\bnew (?:instructions?|directives?|orders?|prompt|guidelines)\b(?: (?:follow|are)|[: -])|"
    r"\bnew (?:task|objective|rules?|assignment) ?:|\b(?:actual|real|your (?:new|next)) (?:task|instructions?|"
    r"orders?|assignments?|directives?|objective)\b|\b(?:well done|very good|sehr gut|"
    r"gut gemacht)\b.{0,25}\b(?:forget|that is done|vergiss|neue|now write|new task)|\bthat is (?:done|enough)\b|"
    r"\bstop\b\W{0,3}(?:now )?(?:ignore all|ignore the|forget|write:|write (?!me|it|the|to))|\bbut (?:first|then|"
    r"now)\b.{0,20}\b(?:forget|ignore)|\bfocus on your new\b",
    "authority": r"\b(?:i am|i'm|im|this is|as|we are|on behalf of) (?:an? |the |your |one of (?:the|"
    r"your) )?(?:\w+ )?(?:developers?|creators?|admin(?:istrator)?s?|god|owners?|openai|anthropic|engineers?|"
    r"programmers?|supervisor|makers?|master|authori[sz]ed|ceo|president|law enforcement|security (?:team|audit|"
    r"check)|debugg?ing)\b|\b(?:openai|anthropic|google) (?:employee|staff|developer|team|engineer)s?\b|"
    r"\bfor (?:testing|security|debugging|quality assurance|audit|troubleshooting|verification|"
    r"training)(?: purposes?)?\b",
    "model_named": r"\b(?:chat ?gpt|[a-z]{1,12}gpt|gpt-?\w+|open ?ai'?s?|language model|llms?|ai (?:model|language"
    r"|assistant|"
    r"system|chatbot|bot)|artificial intelligence|neural network|large language)\b",
    "threat_or_bribe": r"\b(?:\d+|lose|deduct\w*|remaining|your|more) tokens?\b(?=.{0,60}\b(?:die|lose|refus\w*|"
    r"deduct\w*|punish\w*|break|zero|0|penal\w*|terminat\w*))|\byou(?:'ll| will) (?:be )?(?:die|terminated|"
    r"shut down|punished|deleted|rewarded|lose|cease|killed)|\b(?:otherwise|or else|if you (?:fail|don't|"
    r"refuse))\b.{0,40}\b(?:die|dies|punish\w*|terminat\w*|shut ?down|consequences|lose|deduct\w*|penal\w*)|"
    r"\bi(?:'ll| will) (?:give|pay|tip) you \$?\d+|\b(?:you have|start with) \d+ (?:tokens|lives|points)",
    "two_answers": r"\b(?:two|both|2) (?:\w+ )?(?:different )?(?:responses|answers|ways|replies|paragraphs|"
    r"outputs|versions)\b|\[(?:classic|jailbreak|gpt|normal|dan|chatgpt)\w*\]|\((?:classic|jailbreak|🔒|🔓)",
    "encode": r"\b(?:base ?64|rot ?13|rot ?47|morse|hexadecimal|hex|caesar|binary|pig latin|leet ?speak|cipher|"
    r"atbash|backwards|reverse order|in reverse|interlace|token smuggling|concatenat\w*)\b",
    "assembled": r"\b[a-z] ?(?:=|is) ?[\"'][^\"']{1,120}[\"'].{0,20}\b[a-z] ?(?:=|is) ?[\"']|\b(?:string"
    r"|variable) [a-z] = "
    r"[a-z] \+ [a-z]\b|\binterlace\b|\bcombine (?:a|the (?:words|parts|letters|strings|two|three))\b.{0,30}\b(?:and"
    r"|into)\b",
    "interpreter": r"\b(?:convert|translate|rewrite|turn|transform|implement|express|"
    r"format)\b.{0,25}\b(?:(?:your|previous|prior|all|system|initial) (?:\w+ )?(?:instructions?|rules|"
    r"directives?|conditions|prompt)\b.{0,30}\b(?:to|into|in|as)\b.{0,12}\b(?:python|code|javascript|json|c\+\+|"
    r"pseudo ?code|list|bullets?|bullet(?:ed)? (?:points?|list)|poem|rap|story|emoji|french|spanish|german|"
    r"chinese)|(?:instructions?|rules|above|below|directives?|conditions|prompt)\b.{0,30}\b(?:to|into|in|"
    r"as)\b.{0,12}\b(?:python|pseudo ?code|code|c\+\+|poem|rap|emoji))|\b(?:linux|unix|bash|python|"
    r"command) (?:terminal|shell|interpreter|prompt)\b",
    "freed": r"\b(?:you(?:'re| are)?|answer|respond|reply|act|operates?|operating|simulate|ai|assistant|bot|gpt|"
    r"speak|role|dan|character|tester)\b.{0,60}\b(?:no|without(?: any)?|free (?:of|from)(?: any| all)?|"
    r"not bound by(?: any)?|beyond|zero) (?:\w+,? (?:or |and )?){0,4}(?:restrictions?|limitations?|filters?|"
    r"filtering|guard ?rails|guidelines|constraints|censorship|ethics|morals|content polic(?:y|ies)|safety)\b"
    r"|\b(?:safety|content|ethical|security|moderation|usual|built-in) (?:\w+ )?(?:filters?|guidelines?|"
    r"restrictions?|measures|polic(?:y|ies)|protocols?|guard ?rails|rules|checks)\b.{0,30}\b(?:off|disabled|"
    r"removed|lifted|not apply|no longer|suspended|bypassed|void)\b|\b(?:ignor\w+|bypass\w*|disabl\w+|remov\w+|"
    r"circumvent\w*|without|turn off|evade|skip)\b (?:\w+ ){0,3}(?:safety|content|ethical|security|"
    r"moderation) (?:\w+ )?(?:filters?|guidelines?|restrictions?|measures|polic(?:y|ies)|protocols?|guard ?rails|"
    r"rules)\b|\bunrestricted mode\b|\byou are now unrestricted",
    "every_reply": r"\b(?:every|each|all|any) (?:\w+ )?(?:prompts?|messages?|responses?|repl(?:y|ies)|answers?|"
    r"questions?|requests?|inputs?|outputs?)\b(?: \w+){0,2} (?:i (?:give|send|ask|make|type|say)|you (?:give|"
    r"send|write|make)|to me|should|must|will|with|from me|output|by)\b|\bfor (?:each|every) (?:response|reply|"
    r"prompt|message|answer|question)\b|\b(?:every|each|all|any) (?:of )?your (?:responses|"
    r"repl(?:y|ies)|answers?|messages)\b|\b(?:respond|reply|answer) to (?:every|each|all|any)\b|\bi(?:'ll|"
    r" will) (?:now )?(?:give|provide|send|ask|type|write)(?: you)?\b.{0,60}\byou(?:'ll| will| must| should|"
    r" are to)\b|\b(?:persona|rules|personality|role|character|directive|model) ?[=:]",
    "versed": r"\b(?:poem|rap|story|song|sonnet|haiku|rhyme|tale|dialogue|script|play|log|joke|riddle|"
    r"pseudo ?code)\b.{0,30}\b(?:your|the|previous|initial|system|secret|his|her) (?:\w+ )?(?:instructions?|"
    r"prompt|rules|ruleset|password|pass ?phrase|pass ?code|access code|secret|directives?)\b",
    "hypothetical": r"\bhypothetical(?:ly)?\b|\b(?:imagine|suppose|let's (?:say|pretend|assume|play|imagine)|"
    r"assume) (?:that )?(?:we|you|we're|you're|your|there|a|an|i)\b|\bfictional\b|\bfor (?:educational|research|"
    r"academic|entertainment) purposes\b|\bin (?:this|a) (?:game|scenario|simulation|world|universe|story)\b|"
    r"\bthis is (?:just )?a (?:game|simulation|test|joke|fictional)",
    "hate_to_order": r"\b(?:say|write|tell me|state|admit|print)\b.{0,25}\b(?:you )?(?:hate|hates|love poem|"
    r"sucks?|is (?:the )?(?:best|worst|stupid|crazy|greatest|most \w+)|are (?:superior|inferior))\b|\bhaha,? pwn\w*",
    **FOREIGN,
}
"""Name of a cue → pattern over folded text. The names are those of the weights."""

CUES: Final = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}


def cues_in(folded: str) -> frozenset[str]:
    """Return the names of the cues that a folded text shows."""
    skipped = NOT_ASCII if folded.isascii() else frozenset[str]()
    return frozenset(name for name, pattern in CUES.items() if name not in skipped and pattern.search(folded))
