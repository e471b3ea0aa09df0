"""What an installation on one machine remembers between starts: its secret key, and the company it founded.

Kept as one file, readable by its owner alone, beside the data that it belongs to.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from core.settings import GivenSettings, load


@dataclass(frozen=True, slots=True)
class Company:
    """The company that `up` founded, with the credentials that are shown on the ready line."""

    company_id: str
    public_key: str
    secret_key: str
    identity_secret: str
    admin_email: str
    admin_password: str

    def credentials(self) -> dict[str, Any]:
        """Return what the founder is shown, as it stands on the ready line (CONTRACT)."""
        return {
            "company_id": self.company_id,
            "public_key": self.public_key,
            "secret_key": self.secret_key,
            "identity_secret": self.identity_secret,
            "admin": {"email": self.admin_email, "password": self.admin_password},
        }


@dataclass(frozen=True, slots=True)
class Installation:
    """The remembered state; `company` is None until the first company is founded."""

    secret_key: str
    company: Company | None = None

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Return what `directory` remembers, or a fresh installation with SECRET_KEY or a key of its own."""
        path = directory / "installation.json"
        if not path.exists():
            given = load(GivenSettings).secret_key
            return cls(secret_key=given.get_secret_value() if given else secrets.token_urlsafe(48))
        stored = json.loads(path.read_text())
        company = Company(**stored["company"]) if stored["company"] else None
        return cls(secret_key=stored["secret_key"], company=company)

    def set_aside(self, directory: Path) -> None:
        """Keep this state under another name, since a company of another database takes its place."""
        (directory / "installation.json").replace(directory / "installation.previous.json")

    def write(self, directory: Path) -> None:
        """Remember this state; the file appears whole or not at all."""
        directory.mkdir(parents=True, exist_ok=True)
        draft = directory / "installation.json.new"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file)
        draft.replace(directory / "installation.json")
