"""Contacts of the demo product: reading them from CSV text, and counting them for the first report. Pure."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
MAX_EMAIL = 254
STAGES = ("lead", "qualified", "proposal", "won")
MAX_CONTACTS = 1_000
MAX_SHOWN_PROBLEMS = 3


@dataclass(frozen=True, slots=True)
class Contact:
    """One imported person; `stage` is one of `STAGES`."""

    name: str
    email: str
    stage: str

    @property
    def company(self) -> str:
        """The domain of the address, which stands for the company the person works at."""
        return self.email.rpartition("@")[2].lower()


class UnreadableContacts(ValueError):
    """The text is not a contact list; the message says why, in words for the person who pasted it."""


def is_email(text: str) -> bool:
    """Whether the text looks like an address; the length is looked at first, as the pattern is slow on long text."""
    return len(text) <= MAX_EMAIL and EMAIL.fullmatch(text) is not None


def parse_contacts(text: str) -> tuple[Contact, ...]:
    """Read CSV text with a header of `name,email[,stage]`; the first row per address wins.

    Raises `UnreadableContacts` for a missing column, for rows that make no contact, or for more than `MAX_CONTACTS`.
    """
    try:
        rows = csv.DictReader(text.strip().splitlines(), restkey="surplus", restval="")
        columns = _find_columns(rows.fieldnames or ())
        numbered = [(rows.line_num, _read_row(row, columns)) for row in rows]
    except csv.Error as error:
        raise UnreadableContacts(f"This is not valid CSV: {error}.") from error
    _refuse_bad_rows([line for line, contact in numbered if contact is None])
    return _unique(contact for _, contact in numbered if contact is not None)


def summarise(contacts: Sequence[Contact]) -> dict[str, object]:
    """The figures of the first report: totals, and counts by company (largest first) and by stage (in order)."""
    companies = Counter(contact.company for contact in contacts)
    stages = Counter(contact.stage for contact in contacts)
    return {
        "contacts": len(contacts),
        "companies": len(companies),
        "by_company": [{"label": name, "count": count} for name, count in companies.most_common(6)],
        "by_stage": [{"label": stage.capitalize(), "count": stages[stage]} for stage in STAGES],
    }


def _find_columns(header: Sequence[str]) -> dict[str, str]:
    columns = {name.strip().lower(): name for name in header}
    if missing := [name for name in ("name", "email") if name not in columns]:
        raise UnreadableContacts(f"The first line must name the columns. Missing: {', '.join(missing)}.")
    return columns


def _read_row(row: dict[str, str], columns: dict[str, str]) -> Contact | None:
    name, email = row[columns["name"]].strip(), row[columns["email"]].strip()
    stage = row[columns["stage"]].strip().lower() if "stage" in columns else ""
    if not name or not is_email(email) or stage not in (*STAGES, ""):
        return None
    return Contact(name, email, stage or STAGES[0])


def _refuse_bad_rows(lines: Sequence[int]) -> None:
    if not lines:
        return
    shown = ", ".join(str(line) for line in lines[:MAX_SHOWN_PROBLEMS])
    more = f" and {len(lines) - MAX_SHOWN_PROBLEMS} more" if len(lines) > MAX_SHOWN_PROBLEMS else ""
    raise UnreadableContacts(
        f"Line {shown}{more}: each row needs a name, an e-mail address, and one of the stages "
        f"{', '.join(STAGES)} (or none)."
    )


def _unique(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    first = {contact.email.lower(): contact for contact in reversed(list(contacts))}
    if not first:
        raise UnreadableContacts("There is no contact below the first line.")
    if len(first) > MAX_CONTACTS:
        raise UnreadableContacts(f"At most {MAX_CONTACTS:,} contacts can be imported at once.")
    return tuple(reversed(first.values()))
