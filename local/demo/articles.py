"""The demo company's help centre: Markdown articles in English and Arabic, as pages that people and crawlers read.

The pages are what a customer's help centre would be: plain HTML with headings, tables and code, a sitemap, and an ETag,
so that reading them a second time costs next to nothing.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Final

from markdown_it import MarkdownIt

FOLDER: Final = Path(__file__).parent / "help"
TEMPLATE: Final = Path(__file__).parent / "static" / "help.html"
LANGUAGES: Final[Mapping[str, tuple[str, str]]] = {"en": ("ltr", "Help centre"), "ar": ("rtl", "مركز المساعدة")}
"""Direction of writing and name of the help centre, by language."""
DEFAULT_LANGUAGE: Final = "en"
INDEX: Final = ""
"""Slug of the page that lists all articles."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article: `slug` is its address below `/help/`, `markdown` its text beginning with the title."""

    slug: str
    language: str
    title: str
    markdown: str


@dataclass(frozen=True, slots=True)
class HelpPage:
    """A page ready to be sent."""

    body: str
    language: str
    etag: str


@cache
def load_articles() -> tuple[Article, ...]:
    """Return every article, by language and title."""
    found = [_read(path) for language in LANGUAGES for path in (FOLDER / language).glob("*.md")]
    return tuple(sorted(found, key=lambda article: (article.language != DEFAULT_LANGUAGE, article.title)))


def render_pages(articles: Sequence[Article], company: str) -> dict[str, HelpPage]:
    """Return the pages of the help centre by slug; `INDEX` and each other language's name lead to a list."""
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    indexes = [_index(language, articles) for language in LANGUAGES]
    return {article.slug: _render(template, article, articles, company) for article in (*indexes, *articles)}


def sitemap(articles: Sequence[Article], origin: str) -> str:
    """Return the sitemap of the articles (sitemaps.org, 0.9); `origin` is where the demo is served."""
    rows = "".join(f"  <url><loc>{html.escape(address(origin, article.slug))}</loc></url>\n" for article in articles)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'
    )


def address(origin: str, slug: str) -> str:
    """Return the public address of an article."""
    return f"{origin.rstrip('/')}/help/{slug}"


def _read(path: Path) -> Article:
    language, text = path.parent.name, path.read_text(encoding="utf-8")
    prefix = "" if language == DEFAULT_LANGUAGE else f"{language}/"
    return Article(prefix + path.stem, language, text.partition("\n")[0].removeprefix("# ").strip(), text)


def _index(language: str, articles: Sequence[Article]) -> Article:
    title = LANGUAGES[language][1]
    own = [article for article in articles if article.language == language]
    rows = "\n".join(f"- [{article.title}](/help/{article.slug})" for article in own)
    slug = INDEX if language == DEFAULT_LANGUAGE else language
    return Article(slug, language, title, f"# {title}\n\n{rows}\n")


def _render(template: Template, article: Article, articles: Sequence[Article], company: str) -> HelpPage:
    direction, centre = LANGUAGES[article.language]
    body = template.substitute(
        company=html.escape(company),
        title=html.escape(article.title),
        language=article.language,
        direction=direction,
        centre=centre,
        home=f"/help/{'' if article.language == DEFAULT_LANGUAGE else article.language}",
        menu=_menu(article, articles),
        article=MarkdownIt("commonmark").enable("table").render(article.markdown),
    )
    return HelpPage(body, article.language, f'"{sha256(body.encode()).hexdigest()[:32]}"')


def _menu(current: Article, articles: Sequence[Article]) -> str:
    own = [article for article in articles if article.language == current.language]
    return "\n".join(f"        <li>{_entry(article, current)}</li>" for article in own)


def _entry(article: Article, current: Article) -> str:
    here = ' aria-current="page"' if article.slug == current.slug else ""
    return f'<a href="/help/{article.slug}"{here}>{html.escape(article.title)}</a>'
