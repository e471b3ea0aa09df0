"""The help centre: every article is a page with its language, its headings and its tables; crawlers find them all."""

import re
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from local.demo.articles import INDEX, LANGUAGES, Article, load_articles, render_pages, sitemap

ARTICLES = load_articles()
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def test_there_are_articles_in_both_languages() -> None:
    by_language = {language: [a for a in ARTICLES if a.language == language] for language in LANGUAGES}
    assert len(by_language["en"]) >= 10
    assert len(by_language["ar"]) >= 5
    assert len({article.slug for article in ARTICLES}) == len(ARTICLES)
    assert all(article.title and not article.title.startswith("#") for article in ARTICLES)
    assert all(re.search(r"[\u0600-\u06ff]{3}", article.title) for article in by_language["ar"])


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.slug)
def test_every_article_is_a_page_of_its_language(client: TestClient, article: Article) -> None:
    answer = client.get(f"/help/{article.slug}")
    assert answer.status_code == 200
    assert answer.headers["content-language"] == article.language
    direction = "rtl" if article.language == "ar" else "ltr"
    assert f'<html lang="{article.language}" dir="{direction}">' in answer.text
    assert answer.text.count("<h1>") == 1
    assert "<h2>" in answer.text
    assert "$" not in re.sub(r"<pre>.*?</pre>", "", answer.text, flags=re.DOTALL), "a placeholder was left"
    assert "style=" not in answer.text, "the policy forbids it"
    assert "<script" not in answer.text


def test_tables_and_code_are_kept(client: TestClient) -> None:
    page = client.get("/help/import-contacts").text
    assert "<table>" in page
    assert 'class="language-csv"' in page


@pytest.mark.parametrize(
    ("path", "language"), [("/help", "en"), ("/help/", "en"), ("/help/ar", "ar"), ("/help/ar/", "ar")]
)
def test_an_index_lists_the_articles_of_its_language(client: TestClient, path: str, language: str) -> None:
    page = client.get(path).text
    for article in ARTICLES:
        assert (f'href="/help/{article.slug}"' in page) == (article.language == language)


def test_the_links_between_pages_lead_somewhere(client: TestClient) -> None:
    pages = render_pages(ARTICLES, "Curlewfield")
    for slug, page in pages.items():
        for link in re.findall(r'href="(/help/?[^"]*)"', page.body):
            assert client.get(link).status_code == 200, (slug, link)


def test_a_reader_who_has_the_page_gets_a_304(client: TestClient) -> None:
    first = client.get("/help/glossary")
    again = client.get("/help/glossary", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/help/glossary", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/help/nowhere", "/help/../server.py", "/help/en/glossary", "/help/ar/nowhere"])
def test_an_unknown_article_is_a_404(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_sitemap_names_every_article_at_the_address_it_was_asked_at(client: TestClient) -> None:
    answer = client.get("/help/sitemap.xml")
    assert answer.headers["content-type"].startswith("application/xml")
    found = [node.text for node in ElementTree.fromstring(answer.text).findall("s:url/s:loc", SITEMAP)]
    assert found == [f"http://testserver/help/{article.slug}" for article in ARTICLES]
    assert all(client.get(str(address)).status_code == 200 for address in found)


def test_text_is_escaped() -> None:
    hostile = Article("x", "en", "<b>&", "# <b>&\n\nhello")
    page = render_pages([hostile], "<i>")[INDEX].body
    assert "<b>&<" not in page
    assert "<i>" not in page
    assert "&amp;" in sitemap([Article("a&b", "en", "t", "t")], "http://h")
