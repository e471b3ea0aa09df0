"""The language of a text, and none where guessing would be wrong."""

import pytest

from core import language_detection as languages


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How do I reset my password? Open the settings, then choose security.", "en"),
        ("كيف أعيد تعيين كلمة المرور؟ افتح الإعدادات", "ar"),
        ("اضغط على زر Save ثم افتح Settings لإتمام العملية", "ar"),
        ("Wie ändere ich mein Passwort? Öffnen Sie die Einstellungen.", "de"),
        ("Comment réinitialiser mon mot de passe ? Ouvrez les paramètres.", "fr"),
        ("¿Cómo restablezco mi contraseña? Abra la configuración.", "es"),
        ("چگونه می‌توانم رمز عبور خود را تغییر دهم؟ تنظیمات را باز کنید", "fa"),
        ("パスワードをリセットするにはどうすればいいですか", "ja"),
        ("How do I sign in? Run this:\n```\nنسخة من النص العربي هنا للتجربة فقط\n```\nThen open the page.", "en"),
        ("", None),
        ("ok", None),
        ("API v1.2", None),
        ("1234 5678 90 -- 2026-11-21 10:00:00 +4917012345678", None),
        ("https://help.example.com/a/very/long/address/with/many/words", None),
    ],
)
def test_a_language_is_told_when_it_is_clear(text: str, language: str | None) -> None:
    assert languages.detect(text) == language
