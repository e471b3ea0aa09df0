"""Web pages: what is the article, and what a page says of itself that is believed."""

import pytest

from knowledge.converting.pages import read_page
from knowledge.documents import ConvertLimits, Document, Raw, Unreadable

ARTICLE = """
<h1>Connect your CRM</h1><p>You can connect <b>HubSpot</b> or Salesforce. See <a href="/b">billing</a> for prices.</p>
<h2>Before you start</h2><ul><li>An admin account<ul><li>with API rights</li></ul></li><li>The API key</li></ul>
<h3>Install</h3><pre><code>pip install acme\nacme login --token abc</code></pre>
<h2>Limits</h2><table><thead><tr><th>Plan</th><th>Contacts</th></tr></thead>
<tbody><tr><td>Free</td><td>100</td></tr><tr><td>Pro</td><td>10,000</td></tr></tbody></table>
<details><summary>Why does it fail?</summary><p>Because the key expired.</p></details>
"""
AROUND = (
    "<header><a href='/'>Acme</a></header><nav><ul><li><a href='/b'>Billing</a></li></ul></nav>{}"
    "<aside>Related articles</aside><footer>© 2026 Acme Inc. Licensed under CC BY 4.0</footer>"
)


def page(body: str, head: str = "", url: str | None = None, language: str = "en") -> Document:
    html = f"<!doctype html><html lang='{language}'><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"
    return read_page(Raw(html.encode(), "index.html", "text/html", url), ConvertLimits())


def test_an_article_keeps_its_structure_and_loses_what_surrounds_it() -> None:
    document = page(AROUND.format(f"<main><article>{ARTICLE}</article></main>"), "<title>Connect | Acme</title>")
    assert document.title == "Connect your CRM"
    for part in (
        "# Connect your CRM",
        "You can connect **HubSpot** or Salesforce. See billing for prices.",
        "- An admin account\n  - with API rights\n- The API key",
        "```\npip install acme\nacme login --token abc\n```",
        "## Limits",
        "| Plan | Contacts |",
        "Because the key expired.",
    ):
        assert part in document.markdown
    assert not any(word in document.markdown for word in ("Billing", "Related", "2026", "Acme Inc"))
    assert document.notices == ("© 2026 Acme Inc. Licensed under CC BY 4.0",)


def test_a_short_page_keeps_its_headings_too() -> None:
    document = page(
        AROUND.format("<div><h2>Refunds</h2><p>Ten working days.</p><h2>Trials</h2><p>Two weeks.</p></div>")
    )
    assert document.markdown == "## Refunds\n\nTen working days.\n\n## Trials\n\nTwo weeks."


@pytest.mark.parametrize(
    ("canonical", "url", "believed"),
    [
        ("https://help.acme.example/a", "https://help.acme.example/a?x=1", "https://help.acme.example/a"),
        ("/a", "https://help.acme.example/b", "https://help.acme.example/a"),
        ("https://help.acme.example/a", "https://www.help.acme.example/b", "https://help.acme.example/a"),
        ("https://evil.example/a", "https://help.acme.example/b", "https://help.acme.example/b"),
        ("javascript:alert(1)", "https://help.acme.example/b", "https://help.acme.example/b"),
        ("javascript:alert(1)", None, None),
        ("https://help.acme.example/a", None, "https://help.acme.example/a"),
        ("http://[broken", "https://help.acme.example/b", "https://help.acme.example/b"),
    ],
)
def test_a_canonical_address_is_believed_on_its_own_host(canonical: str, url: str | None, believed: str | None) -> None:
    assert page(ARTICLE, f"<link rel=canonical href='{canonical}'>", url).url == believed


@pytest.mark.parametrize(
    ("head", "body", "licence", "notice"),
    [
        ("<link rel=license href='https://cc.example/by'>", "", "https://cc.example/by", None),
        ("", "<a rel='nofollow license' href='https://cc.example/by'>CC BY</a>", "CC BY https://cc.example/by", None),
        ("<meta name=dcterms.license content='CC0'>", "", "CC0", None),
        ("<meta name=copyright content='Example Ltd'>", "", None, "Example Ltd"),
        (
            '<script type="application/ld+json">[{"license": "https://l.example"}, 3]</script>',
            "",
            None,
            "https://l.example",
        ),
        ('<script type="application/ld+json">{"license": {broken</script>', "", None, None),
        ("", "<div class='site-copyright'>(c) 2026 Example</div>", None, "(c) 2026 Example"),
        ("", "<div role=contentinfo>All rights reserved</div>", None, "All rights reserved"),
    ],
)
def test_licences_are_found_where_pages_declare_them(
    head: str, body: str, licence: str | None, notice: str | None
) -> None:
    document = page(ARTICLE + body, head)
    assert document.licence == licence
    assert document.notices == ((notice,) if notice else ())


@pytest.mark.parametrize(
    "body",
    [
        "<noscript>Enable JavaScript to run this app.</noscript><div id=root></div><script src=a.js></script>",
        "<script>document.write('A long text that only a script writes into the page.')</script>",
        "<div id=app>Loading…</div><script src=a.js></script>",
        "<style>body { color: red }</style><img src=a.png>",
        "",
        "<nav>Home Billing Contact</nav><footer>© 2026 Example</footer>",
    ],
)
def test_a_page_that_scripts_fill_has_no_text(body: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        page(body)
    assert refusal.value.code == "no_text"


def test_the_title_comes_from_the_head_when_the_article_has_none() -> None:
    body = "<p>A refund takes ten working days, and a little more around the holidays of the year.</p>"
    assert page(body, "<title> Refunds\n at Acme </title>").title == "Refunds at Acme"
    assert page(body, "<meta property='og:title' content='Refunds'>").title == "Refunds"
    assert page(body).title == "index"


def test_a_page_in_an_old_arabic_encoding_is_read() -> None:
    html = "<html><head><meta charset='windows-1256'></head><body><h1>ربط الحساب</h1></body>"
    assert read_page(Raw(html.encode("cp1256"), "a.html"), ConvertLimits()).markdown == "# ربط الحساب"
