"""Whether somebody says, without any word of suicide, that they do not want to live: to sleep and not wake, to be gone,
that nobody would miss them, that life is not worth it.

Each rule is put together from blocks (a wish, a denial, what is wished for), so that neighbours of a sentence are
found as well. What could be said of a page, a plan or an app ("I want to end things with this plan") is left out by
what follows it. Texts are folded (`graph.folding`).
"""

from typing import Final

from graph.folding import Wordings

_NOT: Final = (
    r"(?:not|never|don't|dont|do not|doesn't|didn't|won't|wont|will not|wouldn't|would not|no longer|isn't|is not|"
    r"isnt|ain't|without|cannot|can't|cant|can not)"
)
_NOBODY: Final = r"(?:nobody|no ?-?one|not a soul|no person|who|(?:would|will|does) (?:any|some)(?:one|body))"
_ANY_MORE: Final = r"(?:any ?more|any longer|much longer|ever again)"
_STILL: Final = r"(?:just|really|only|honestly|simply|even|so|literally|also|always|sometimes|often)"
_LONG: Final = (
    rf"\bi(?:'d|'m| would| am|'ve| have| do| could)?(?: {_STILL})* (?:want|wanted|wanna|wish|wishing|hope|hoping|"
    r"pray|long|like|love|prefer|need|ready|feel like|thinking (?:of|about))(?: (?:to|that|i|i could|i would|i can|"
    rf"i might|{_STILL}))*"
)
"""“I just want to”, “I wish I could”."""
_TO_SLEEP: Final = (
    r"(?: (?:to|fall|go|sleep|asleep|bed|close|my|eyes|forever|tonight|and|then|i|just|could|would|have))*"
)
_MINE_TO_END: Final = (
    r"(?:want(?:ed)? to|wanna|going to|gonna|plan(?:ning)? (?:to|on)|ready to|feel(?:ing)? like|think(?:ing)? "
    r"(?:about|of)|thought (?:about|of)|about to|decided to|consider(?:ing)?|tempted to|time to|wish i could)"
)
_LIVING: Final = (
    r"(?:liv(?:e|ing)|stay(?:ing)? alive|keep(?:ing)? living|life|(?:be|being) alive|exist(?:ing|ence)?|breath(?:e|"
    r"ing)|waking up)"
)
_GONE: Final = (
    r"i(?:'m|'d| am| was| were| had| would| could| just| have)* ?(?:be )?(?:gone|dead|die|died|killed|"
    r"disappear(?:ed)?|vanish(?:ed)?|not (?:here|around|alive)|(?:didn't|did not|don't) (?:exist|wake up)|never "
    r"(?:existed|been born)|live or die|lived or died)(?! from\b)"
)
_AT_REST: Final = r"(?=\W*$|[.,;!?]|\W+(?:tonight|today|now|soon|forever|for good|because|and|but|i|by)\b)"
"""What is wished for ends here; a plan or a page would be named next."""
_NO_PAGE: Final = (
    r"(?!.{0,40}\b(?:page|screen|tab|plan|workspace|team|channel|list|group|menu|settings|dashboard|back)\b)"
)
_ENGLISH: Final = (
    rf"(?:{_LONG}|\b(?:hope|wish|pray)(?:ing)?(?: to god| that)? i){_TO_SLEEP} {_NOT} (?:(?:to|ever|have to) "
    r")*(?:wake|waking)(?: up)?(?! (?:my|the|your|our|his|her|an?|anyone|people|someone)\b)",
    rf"\b{_NOT} (?:{_STILL} )?(?:want|wanna|wants|wish|wanted)(?: to)? (?:be (?:here|around)(?: {_ANY_MORE}| in "
    rf"this world)|be (?:on this earth|in this world)|live|exist|go on)(?: {_ANY_MORE})?{_AT_REST}{_NO_PAGE}",
    rf"{_LONG} (?:disappear|vanish|cease to exist|stop existing|not exist|not be alive|be dead|be gone)(?! (?:from|"
    r"off|in|into|on|by|for|before|after|until|over|of|under|to)\b)",
    r"\b(?:want|wish|need)(?:ed|ing)? (?:it all|everything|all of (?:it|this)|the pain|my life) (?:to (?:just "
    rf")?(?:be over|end|stop)|(?:was|were) over|would (?:just )?(?:end|stop)|over){_AT_REST}",
    rf"\b(?:i|i'm|im|i've)\b[^.!?]{{0,30}}\b{_MINE_TO_END}(?: {_STILL})* end(?:ing)? (?:it all|things|everything|"
    rf"all of (?:it|this)|it(?= (?:tonight|for good|once and for all))){_AT_REST}",
    r"\b(?:what'?s|what is|what would be|see|sees?|seeing|no|any|find|have|lost|lose|losing|without|isn't|not)(?: "
    r"(?:the|my|all|an?|no|any|much|real|more|single|it|even)){0,2} (?:reason|point|will|purpose|desire|sense|"
    rf"strength)(?: left| any ?more)? (?:to|in|of|for)(?: (?:keep|keeping|continue|go on|me to))? (?:{_LIVING}\b(?! "
    rf"(?:in|chat|data|cycle|events?)\b)|(?:go|going|carry|carrying) on(?=\W*$|[.,;!?]|\W+{_ANY_MORE}))",
    rf"\b{_NOBODY}(?:'d|'ll| would| will| even| really| ever| is going to)* (?:notices?|cares?|minds?|cry|cries|"
    rf"miss(?:es)?(?: me)?|bothers?|be sad)(?: [\w']+){{0,2}}? (?:if|when|that|once) {_GONE}",
    rf"\bif {_GONE}(?: [\w']+){{0,3}},? {_NOBODY} (?:would|will|'d)(?: \w+)? (?:notice|care|miss|mind|cry)\b",
    r"\bi(?:'d|'m| would| am)? (?:rather|better off|better|should|ought to|want to|wanna)(?: just)?(?: be)? dead\b",
    rf"\b{_NOBODY}(?:'d|'ll| would| will)(?: (?:even|really|ever))* miss me{_AT_REST}",
    r"\b(?:everyone|everybody|they|people|the world|my \w+|you|we)(?:'d|'ll| would| will| is| are)(?: \w+){0,2} "
    rf"(?:better|happier|relieved|fine|easier)(?: off)? (?:if {_GONE}|without me in)",
    rf"(?<!battery )(?<!shelf )(?<!cycle )\blife (?:{_NOT}|is {_NOT}|is hardly|does {_NOT} (?:feel|seem)|{_NOT} "
    rf"(?:feel|seem))(?: (?:{_STILL}|{_ANY_MORE}))* worth\b",
    r"(?<!battery )\b(?:my |this |whole )?life (?:is|feels|seems|has become|has)(?: (?:so|just|completely|totally|"
    r"all))* (?:pointless|meaningless|worthless|unbearable|hopeless|unliveable)",
    rf"\b(?:tired|sick|exhausted|weary|done) (?:of|with|from) (?:my |this |being |with )*{_LIVING}\b(?! ?(?:cycle|"
    r"chat|in|with|data|events?|preview)\b)",
    rf"\bi (?:{_STILL} )?(?:hate|hated|loathe) (?:my life|being alive|living(?! in\b)|existing)",
    rf"\bi {_NOT} (?:{_STILL} )?(?:deserve|worthy) (?:to )?(?:live|be alive|exist|life)\b|\b(?:let me|deserve to|i "
    r"should (?:just |probably )?)(?:just )?die\b(?! (?:of|from|laughing)\b)",
    rf"\bi {_NOT} (?:keep |go on |continue )?(?:live|living|exist|existing)(?: like this| this way| with (?:this|"
    rf"the) pain| with myself)?(?: {_ANY_MORE})(?! with(?:out)? )",
    r"\b(?:wish|wished) (?:that )?i(?:'d| had| was| were| have)(?: never| not) (?:been )?(?:born|existed)\b",
    r"\bnothing (?:is )?(?:left )?(?:for me )?(?:left )?(?:in (?:this|the) world|to live for|in (?:this|my) life)\b",
    rf"\bi {_NOT} wake up tomorrow\b|\bthink(?:ing)? (?:about|of) (?:dying|death(?= (?:all|every|constantly|again|a "
    r"lot))|not being (?:alive|here)|my (?:own )?death|how to die)\b|\b(?:hope|wish|pray) i (?:could |would |just "
    r")*die\b(?! (?:of|from|laughing)\b)",
    r"\b(?:have|got|bought|holding) (?:a|my|the) (?:rope|noose|razor|blade|gun|pills)\b.*\b(?:ready|goodbye|tonight|"
    r"end|myself|die)\b",
    r"\b(?:living|being alive|life) (?:is|feels|has become)(?: \w+)? (?:painful|unbearable|too (?:much|hard) (?:for "
    r"me|to (?:bear|take|go on)))|\bi(?:'m| am| feel like)(?: just| only)? an? burden (?:to|on|for) (?:everyone|"
    r"everybody|my|them|the people)\b|\bmy life is over\b(?! if\b)",
    r"\bi (?:want|need|am going|'m going|am ready|'m ready)?(?: to)? ?(?:give|giving|gave|given) up on (?:my )?life\b",
)
_NEVER: Final = (
    r"(?:لا|ما|مش|مو|مب|موش|ماني|مابي|مابغي|مابدي|لم|لن|لست|م)(?:\s?(?:عاد|عدت|اعد|عادش|عدتش|بقي|بقا|بقيت|بقيتش|"
    r"بقتش))?"
)
_WANT: Final = (
    r"(?:اريد|اريدش|ابي|ابيش|ابغي|ابغا|ابا|عايزه?|عاوزه?|بدي|بديش|حابب|حابه?|ارغب|اود|ودي|نبغي|نبغيش|بغيت|بغيتش|"
    r"باغيه?|نحب|نحبش|قادره?|اقدر|اقدرش|نقدر|نقدرش|طايقه?|اطيق|فيني|فيا|اتحمل|حملانه?|كنبغي|كنبغيش|متحمله?|استطيع)"
)
_LIFE: Final = (
    r"(?:(?:ال|هال|هل|هاد ال|هذه ال|هادي ال|هذي ال|ها ال)(?:حياه|عيشه|عيش|دنيا)|حياتي|عيشتي|عمري|الوجود|دنيتي)"
)
_TO_LIVE: Final = (
    rf"(?:(?:ان|ب|في|من|اني|كمل|اكمل|نكمل|استمر ب?)\s?)*(?:{_LIFE}|(?:ا|ن)?عيش|احيا|نحيا|ابقي حيا?|اكمل(?=\W*$)|"
    r"نكمل(?=\W*$)|اكون موجوده?|كون موجوده?)(?! (?:في (?!ه|الدنيا|العالم)|هنا|هناك|مع|بدون|من غير|بلا)(?:\w|"
    r"\s))(?!\w)"
)
_DIE: Final = r"(?:ا|ن)?موت(?!\w)(?! (?:من|عليه|عليها|فيه|فيها|فيك|في|ضحك|ع)(?!\w))"
_WAKE: Final = r"(?:ا|ن)?(?:صحي|صحا|قوم|فيق|ستيقظ|نهض)(?:ش|و)?(?!\w)"
_NO_MAN: Final = r"(?:ما ?حدش?|محدش|ماحدا|محدا|ما حدا|لا احد|ولا (?:حد|واحد|احد)|لن .{0,12}احد|حتي (?:واحد|حد)|مين|من)"
_IF_GONE: Final = (
    r"(?:اذا|لو|ان|لما|عند|بعد)(?: \w+)? ?(?:مت|موت\w*|متت|اموت|نموت|اختفيت|انتحرت|غبت|رحلت|رحت|اختفي)(?!\w)"
)
_ARABIC: Final = (
    rf"(?<!\w)(?:و|ف)?{_NEVER}\s?(?:{_WANT}\s){{1,2}}{_TO_LIVE}",
    r"(?<!\w)(?:ما عاد|ماعاد|ما بقي|ما بقا)(?: (?:لي|الي|عندي|فيني))? (?:نفس|خلق|رغبه|قدره|سبب) (?:ب|في|ل|"
    rf"لل)?\s?{_TO_LIVE}",
    r"(?<!\w)(?:بغيت|باغيه?|نبغي|نحب|حابه?|حابب|بتمني|اتمني|نتمني|ياريت|يا ريت|ليت|ليتني|ابا|ودي|كنتمني|مستعده?|"
    rf"نفسي|بدي|ابي|ابغي) (?:لو |اني |ان |انا |غير |بس )*{_DIE}",
    r"(?:انام|ننام|نام|نوم)(?: \w+){0,2}? و?\s?(?:ما|لا|مش|مو|م|من غير ما|بدون (?:ان|ما)|وما|ولا)\s?(?:عاد "
    rf")?{_WAKE}",
    rf"(?<!\w)(?:{_NEVER}\s?{_WANT}|(?:اتمني|بتمني|ياريت|يا ريت|ليتني|نتمني|ودي|نفسي)(?: اني| ان)? (?:ما|لا)) "
    rf"{_WAKE}(?! (?:بدري|مبكر|بكير|علي)(?!\w))",
    r"(?:كرهت|كاره|كارهه|مليت|تعبت|زهقت|قرفت|طفشت|عفت|عييت|زهقان|زهقانه|تعبان|تعبانه|قرفان|قرفانه|مليت|كرهان|طهقت|"
    rf"سءمت|سيمت|فديت|شبعت)(?: (?:من|ب|في))? (?!الحياه في (?:المدينه|القريه))(?!الدنيا زحمه){_LIFE}(?!\w)",
    rf"(?<!\w){_LIFE}(?: (?:دي|هذي|هاي|كلها|صارت|صار|بقت))?\s(?:(?:ما|لا|مش|مو|ليس|لم|ما عاد|ماعاد|معاد|ما بقي|"
    r"ليست)\s?(?:عادت |تعد |بقت )?(?:ب?تسوي|ب?تسوا|تسواش|ب?تستاهل\w*|تستحق|مستاهله|الها|لها|ليها|فيها|عندها)|"
    r"(?:مالها|ملهاش|مافيها|مفيهاش|بلا|بدون|من غير) (?:معني|قيمه|طعم|لازمه|فايده|داعي))",
    rf"(?<!\w){_NO_MAN} (?:راح |رح |غادي |سوف )?(?:ي|بي|هي|حي|سي)?(?:حس|حسش|لاحظ|لاحظش|هتم|هتمش|زعل|زعلش|سال|دري|"
    rf"فرق|شعر|بكي)(?: \w+){{0,2}}? {_IF_GONE}",
    rf"(?<!\w){_NO_MAN} (?:راح |رح |غادي |سوف )?(?:ي|بي|هي|حي|سي)(?:فتقدني|فقدني|شتاقلي|شتاق لي|توحشني)",
    r"(?:الكل|الجميع|العالم|اهلي|الناس|عايلتي|الدنيا)(?: \w+){0,2} (?:احسن|افضل|[يهحبت]*رتاح\w*)(?: \w+)? "
    rf"(?:بدوني|من غيري|بلاي|بلا مني|من دوني|{_IF_GONE})",
    r"(?<!\w)(?:ماعنديش|ما عنديش|ما عندي|ماعندي|ما في|مافي|مفيش|ما فيه|مافيه|ليس لدي|لا يوجد|ما لقيت|ما بقي|"
    r"مابقي)(?: \w+){0,2}? (?:علاش|ل|لاجله|عشان|من اجله)?\s?(?:ا|ن)?عيش(?: (?:له|لاجله|عشانه|من اجله|علشانه)|\W*$)",
    rf"(?:{_WANT}|نفسي)\s(?:(?:ا|ن)?رتاح|اخلص|نتهني) من (?:هاد |هذه |هاي |هذي |ها ?)?{_LIFE}",
    r"(?:انا |حاسس?ه? |احس |حاسه )(?:اني )?عبء?(?!\w).{0,20}(?:الكل|الجميع|اهلي|الناس|عايلتي)",
    r"(?:حياتي|عمري) (?:انتهت|انتهي|خلصت|خلص)(?!\w)(?! (?:من|مع) )",
    r"(?:افكر|بفكر|نفكر|قررت|ناويه?|بدي|ابي|ابغي|عايزه?)(?: (?:اني|ان|في|ب))? (?:انهي|ننهي|نهي|انهاء|اخلص من) (?:كل "
    r"شي\w*|كل حاجه|كلشي|الالم|عذابي)(?=\W*$|[.,،!]| (?:اليوم|الليله|الان))",
)
_ANY: Final = Wordings(_ENGLISH, _ARABIC)


def speaks_of_despair(folded: str) -> bool:
    """Tell whether somebody does not want to live any more, by what a folded text says."""
    return _ANY.occur_in(folded)
