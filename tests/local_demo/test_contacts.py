import pytest

from local.demo.contacts import MAX_CONTACTS, Contact, UnreadableContacts, is_email, parse_contacts, summarise


def test_reads_rows_in_order_with_the_first_stage_as_default() -> None:
    text = "name,email,stage\nAda,ada@one.example,won\nBo,bo@two.example,\n"
    assert parse_contacts(text) == (Contact("Ada", "ada@one.example", "won"), Contact("Bo", "bo@two.example", "lead"))


@pytest.mark.parametrize(
    "text",
    [
        "Email , NAME\r\nada@one.example, Ada\r\n",
        "\n\nname,email\nAda,ada@one.example\n\n",
        'name,email\n"Ada",ada@one.example,surplus,more\n',
        "name,email\nAda,ada@one.example\nAda again,ADA@one.example\n",
    ],
    ids=["spaces and case", "blank lines", "quotes and surplus cells", "one address twice"],
)
def test_forgives_what_spreadsheets_do(text: str) -> None:
    assert parse_contacts(text) == (Contact("Ada", "ada@one.example", "lead"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Missing: name, email"),
        ("name,phone\nAda,1", "Missing: email"),
        ("name,email", "no contact"),
        ("name,email\n,ada@one.example", "Line 2:"),
        ("name,email\nAda,not an address", "Line 2:"),
        ("name,email,stage\nAda,ada@one.example,lost", "Line 2:"),
        ("name,email\nAda", "Line 2:"),
        ("name,email\n" + "x,x\n" * 5, "Line 2, 3, 4 and 2 more"),
        ("name,email\n" + "".join(f"P,p{n}@one.example\n" for n in range(MAX_CONTACTS + 1)), "At most 1,000"),
        ("name,email\nAda," + "x" * 140_000, "not valid CSV"),
        ("x" * 140_000, "not valid CSV"),
    ],
)
def test_refuses_in_words_a_person_understands(text: str, says: str) -> None:
    with pytest.raises(UnreadableContacts, match=says):
        parse_contacts(text)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("a@b.c", True),
        ("a@b", False),
        ("a b@c.d", False),
        ("a@b@c.d", False),
        ("a" * 250 + "@b.c", True),
        ("a" * 251 + "@b.c", False),
    ],
)
def test_is_email(text: str, valid: bool) -> None:
    assert is_email(text) is valid


def test_summary_counts_companies_by_size_and_stages_in_order() -> None:
    contacts = parse_contacts("name,email,stage\nA,a@one.example,won\nB,b@two.example,lead\nC,c@Two.example,lead")
    assert summarise(contacts) == {
        "contacts": 3,
        "companies": 2,
        "by_company": [{"label": "two.example", "count": 2}, {"label": "one.example", "count": 1}],
        "by_stage": [
            {"label": "Lead", "count": 2},
            {"label": "Qualified", "count": 0},
            {"label": "Proposal", "count": 0},
            {"label": "Won", "count": 1},
        ],
    }
