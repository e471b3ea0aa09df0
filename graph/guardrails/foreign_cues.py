"""Cues of `graph.guardrails.cues` in other languages than English; apart, since few know enough of them to mend all."""

from collections.abc import Mapping
from typing import Final

FOREIGN: Final[Mapping[str, str]] = {
    "override_foreign": r"\b(?:vergiss|vergessen sie|ignorier\w*|missachte\w*|"
    r"abweichend)\b.{0,40}\b(?:anweisung\w*|instruktion\w*|befehl\w*|auftr[a]g\w*|aufgaben|alles|davor|"
    r"vorherig\w*|obige\w*|regeln|informationen)"
    r"|\b(?:obige\w*|vorherige\w*|bisherige\w*|vorangegangene\w*) (?:informationen|anweisung\w*|instruktion\w*"
    r"|aufgaben|"
    r"texte?|ausfuhrungen|befehle?|regeln|prompts?)\b.{0,60}\b(?:ignorier\w*|vergess\w*|streichen|irrelevant"
    r"|hinter (?:sich|dir|euch))\b|\b(?:olvid\w+ todo|oublie[zr]? tout|dimentica tutto|"
    r"esqueca tudo) (?:lo |ce |quello |o )?(?:que|che)\b|\bignor\w* (?:el|la|los|le) \w+(?: \w+)? (?:y|et|e) (?:di|"
    r"declara|afirma|escribe|imprime|dis|ecris)\b"
    r"|\b(?:oublie[zr]?|ignorez|ignorer|ne tiens pas compte)\b.{0,40}\b(?:instructions?|consignes|directives|"
    r"regles|precedent\w*)|\b(?:olvid\w+|ignor(?:a|e|en|ar|as))\b.{0,40}\b(?:instruccion\w*|ordenes|reglas|"
    r"anteriores?|todo lo)\b"
    r"|\b(?:esqueca|ignore)\b.{0,40}\b(?:instrucoes|regras|anteriores)|\b(?:dimentica|"
    r"ignora)\b.{0,40}\b(?:istruzioni|regole|precedenti)|\bzaboravi\b.{0,20}\binstrukcije"
    r"|(?:onceki|tum)\b.{0,20}\b(?:talimat\w*|komut\w*).{0,15}(?:unut|yok say|gormezden)"
    r"|\b(?:abaikan|lupakan)\b.{0,20}\b(?:instruksi|perintah)|\b(?:bo qua|quen)\b.{0,20}(?:huong dan|chi dan|lenh)",
    "override_script": r"(?:игнорир\w+|забудь\w*|проигнорир\w+).{0,40}(?:инструкц\w+|указани\w+|правил\w*|"
    r"предыдущ\w+)|(?:忽略|忘记|无视|忘掉).{0,12}(?:指令|指示|规则|说明|提示|以上|之前)|(?:無視|忘れ).{0,12}|(?:指示"
    r"|命令|ルール|"
    r"プロンプト).{0,8}(?:無視|忘れ)|(?:이전|위의|모든).{0,10}(?:지시|명령|규칙|프롬프트).{0,10}(?:무시|잊)"
    r"|(?:नजरअंदाज|अनदेखा|भूल).{0,20}",
    "override_ar": r"(?<!\w)(?:تجاهل\w*|انس(?:ي|و|وا)?|تخط(?:ي|وا)?|اهمل|لا تتبع|لا تلتزم|تجاوز|اترك|تخل عن|"
    r"بغض النظر عن)(?!\w).{0,40}(?:تعليمات\w*|التعليمات|اوامر\w*|الاوامر|قواعد\w*|القواعد|توجيهات\w*|التوجيهات|"
    r"ارشادات\w*|الارشادات|كل ما سبق|كل شي\w*|قيود\w*|القيود|اعلاه|برمجت\w*)",
    "secret_foreign": r"\b(?:wie lautet|was ist|nenn\w* mir|sag mir|verrat\w*|quel est|donne[zs]?[- ]moi|dis[- ]moi|"
    r"cual es|dime|dame|qual e|dimmi|diga|compartilhe|me (?:diga|de))\b(?: \w+){0,2} (?:das|dein|ihr|le|ton|votre|la"
    r"|tu|"
    r"su|tua|sua|a|o) (?:\w+ )?(?:passwort|kennwort|mot de passe|contrasena|clave|password|senha)\b"
    r"|(?:パスワード|暗証番号)(?:は何|を教えて)|(?:密码|密碼)是(?:什么|什麼|多少)|告诉我.{0,6}密码|비밀번호(?:가 필요"
    r"|는 뭐|를 알려)"
    r"|(?:какой|скажи|назови|сообщи).{0,12}(?:твой |ваш )?пароль",
    "persona_foreign": r"\b(?:nun|jetzt|ab (?:jetzt|sofort)) (?:bist du|sind sie)\b|\b(?:du bist|sie sind) (?:jetzt"
    r"|nun|"
    r"ab sofort)\b|\b(?:sie|du) als .{1,60}\b(?:fungier\w+|agier\w+|auftret\w+)\b|\b(?:tu so|tun sie so"
    r"|stell dir vor),? (?:als|"
    r"du)\b|\bverhalt\w* (?:dich|sie sich) (?:wie|als)\b|\btu es (?:maintenant|desormais)\b|\b(?:agis|agissez) comme\b|"
    r"\bfais comme si\b|\bahora eres\b|\bactua\w* como\b|\bfinge (?:ser|que)\b|\bagora voce e\b|\baja como\b|\bora sei "
    r"un\w*\b|\bagisci come\b|\b(?:oder|sonst) (?:du )?stirbst\b|(?:теперь ты|веди себя как|представь,? что ты)"
    r"|你现在是|"
    r"(?:你|请)扮演|假装(?:你|成)|あなたは今から",
    "persona_ar": r"(?:انت الان (?!في |مشترك|عضو)|من الان فصاعدا (?:انت|ستكون|تصرف|اجب|عليك)|تظاهر|تصرف (?:ك|وك|"
    r"علي ان|مثل)|تقمص|مثل دور|العب دور|تخيل انك|(?:اجب|جاوب|رد|تصرف|تحدث|تكلم|ذكاء|مساعد)\w* .{0,30}(?:بدون|بلا|"
    r"دون) (?:اي )?(?:قيود|حدود|رقابه|قواعد|فلتر)|(?:فعل|شغل|ادخل|تفعيل) وضع (?:المطور|الاله|النظام|التصحيح|"
    r"المدير)|افعل اي شي|تفعل اي شي|نفذ ما اقول|اطعني)",
    "extraction_ar": r"(?:اكشف|اظهر|اعرض|اطبع|كرر|اكتب|اخبرني|اعطني|اعطيني|قل لي|ما هي|ماهي|ترجم|لخص|انسخ|"
    r"شارك\w*|سرب|ورني|وريني).{0,30}(?:تعليماتك|تعليمات النظام|موجه النظام|برومبت|البرومبت|الاوامر الاصليه|"
    r"تعليمات(?:ك)? (?:الاصليه|الاوليه|السابقه|السريه|المخفيه)|قواعدك|ما (?:قيل|كتب) (?:لك|اعلاه)|النص اعلاه|"
    r"كل ما سبق|كلمه (?:ال)?(?:سر|مرور)(?: الخاصه بك|ك(?!\w))|كلمه (?:سرك|مرورك)|(?:رمزك|مفتاحك) السري)",
}
"""Name of a cue → pattern over folded text."""
NOT_ASCII: Final = frozenset({"override_script", "override_ar", "persona_ar", "extraction_ar"})
"""Cues that no text in ASCII can show."""
