"""Keys, tokens and passwords in a text: by the prefixes that their makers gave them, or by what they are called."""

import re
from collections.abc import Iterator
from typing import Final

_PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\sA-Za-z0-9+/=:,\-]{1,8000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)"
)
_JWT: Final = re.compile(r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*")
_KEY: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|ids|rk|whsec|xox[abeprs]|xapp|gh[opsur]|github_pat|glpat|npm|pypi|hf|shp(?:at|ss|ca|pa)|dop_v1|ya29|SG)"
    r"[_\-.][A-Za-z0-9_\-/+=.]{15,}[A-Za-z0-9_\-/+=]"
    r"|(?:sk|pk|rk)[A-Za-z0-9]{20,}"
    r"|(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}"
    r"|AIza[A-Za-z0-9_\-]{30,}"
    r")"
)
_HEADER: Final = re.compile(r"(?<![A-Za-z0-9])(?:Bearer|Basic)\s+[A-Za-z0-9._~+/\-]{16,}=*", re.IGNORECASE)
_CREDENTIAL_URL: Final = re.compile(
    r"(?<![A-Za-z0-9])[a-z][a-z0-9+.\-]{1,20}://[^\s:/@]{0,64}:([^\s@/]{1,256})@", re.IGNORECASE
)
_NAMES: Final = (
    r"(?:api|access|secret|private|client|auth|encryption|signing|webhook|app)[ _\-]?(?:key|token|secret|password)|"
    r"pass(?:word|code|phrase|wd)?|pwd|secret|token|credentials?|"
    r"contraseña|mot de passe|passwort|kennwort|senha|şifre|пароль|密码|密碼|パスワード|"
    r"(?:ال)?رقم السر[يى]|(?:ال)?رمز (?:ال)?(?:سر[يى]|مرور|دخول)|كلم[ةه] (?:ال)?(?:سر|مرور)|"
    r"باسوورد|الباسورد|مفتاح (?:ال)?(?:api|واجه[ةه])"
)
_NAMED: Final = re.compile(
    rf"(?<![A-Za-z0-9\[])(?:{_NAMES})(?:[\"']?\s{{0,3}}(?:=|:|：|->|=>)\s{{0,3}}"
    r"|\s{1,3}(?:is|was|are|ist|es|est|é|هي|هو)(?:\s{0,2}:)?\s{1,3}|(?:ي|ك)?\s{1,3}(?=[A-Za-z0-9])|\s{1,3}(?=['\"“]))"
    r"[\"'“«]?((?:[^\s\"'“”«»\[\]<>,;&]|[,;&](?=\S)(?!\w{1,40}=)){4,256})",
    re.IGNORECASE,
)
_WORDLIKE: Final = re.compile(r"[^\W\d_]+(?:['’\-/][^\W\d_]+)*[.!?:)…]*|[\d.]+[.!?)]*|.*://.*|\W+")
_ODD: Final = re.compile(r"(?=.*[A-Za-z])(?=.*[\d!@#$%^&*+=])")


def find_credentials(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, kind) of secrets: KEY, TOKEN, or SECRET for what is called one."""
    for found in _PRIVATE_KEY.finditer(text) if "PRIVATE KEY" in text else ():
        yield (*found.span(), "KEY")
    for found in _CREDENTIAL_URL.finditer(text) if "://" in text else ():
        yield (*found.span(1), "SECRET")
    for found in _JWT.finditer(text) if "eyJ" in text else ():
        yield (*found.span(), "TOKEN")
    for pattern in (_KEY, _HEADER):
        for found in pattern.finditer(text):
            yield (*found.span(), "KEY")
    for found in _NAMED.finditer(text):
        if _is_secret(found[1]):
            start, end = found.span(1)
            yield start, end - (len(found[1]) - len(found[1].rstrip(".)"))), "SECRET"


def _is_secret(value: str) -> bool:
    """Tell whether a value is no plain word or number: "password is required" and "token 1" name no secret."""
    return not _WORDLIKE.fullmatch(value) and _ODD.search(value) is not None
