"""Web pages: the article without what surrounds it, and what the page declares of its licence, language and address.

trafilatura finds the article; when it finds none, the page's body is taken without navigation and the like. Nothing is
fetched and no script runs, so a page that only scripts fill has no text.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import lxml.html
import markdownify
import trafilatura

from knowledge.converting.decoding import charset, decode
from knowledge.converting.texts import first_heading, name_of
from knowledge.documents import (
    DAMAGED,
    NO_TEXT,
    TOO_COMPLEX,
    TOO_LARGE,
    ConvertLimits,
    Document,
    Raw,
    Unreadable,
)

_HEAD: Final = 4096
_DEEPEST: Final = 200
"""Elements within each other; real pages stay below 60, and the parsers recurse."""
_LEAST_LETTERS: Final = 15
"""Letters below which a page with scripts counts as one that only they fill ("Loading …")."""
_AROUND: Final = ("script", "style", "nav", "aside", "svg", "iframe", "button", "select", "textarea", "head")
_MARGINS: Final = ("header", "footer")
"""Of the page they are dropped; those of an article hold its title."""
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_HEADING: Final = re.compile(r"^#{1,6} ", re.MULTILINE)
_FOOTERS: Final = (
    "//footer | //*[@role='contentinfo'] | //*[contains(@class, 'copyright') or contains(@class, 'license')"
    " or contains(@class, 'licence') or contains(@id, 'copyright') or contains(@id, 'footer')]"
)
_MARKDOWN: Final[dict[str, Any]] = {
    "heading_style": "ATX",
    "bullets": "-",
    "strip": ["a", "img"],
    "table_infer_header": True,
}
_RIGHTS: Final = frozenset({"copyright", "rights", "license", "licence", "dc.rights", "dcterms.rights"})
_LICENCES: Final = frozenset({"dc.license", "dcterms.license", "license", "licence"})
_LONGEST_NOTICE: Final = 2000
_MOST_NOTICES: Final = 40


def read_page(raw: Raw, limits: ConvertLimits) -> Document:
    """Return the page's article with its headings, lists, tables and code.

    Raises:
        Unreadable: `no_text`, `too_complex`, `too_large`, `undecodable` or `damaged_document`.
    """
    told = charset(raw.media_type) or charset(raw.content[:_HEAD].decode("latin-1"))
    text = decode(raw.content, told)
    if len(text) > limits.characters:
        raise Unreadable(TOO_LARGE, f"{len(text)} characters; at most {limits.characters} are read.")
    tree = _parsed(text)
    for element in list(tree.iter("noscript", "template")):
        element.drop_tree()
    markdown = _main_text(tree)
    if not _has_text(markdown, tree):
        raise Unreadable(NO_TEXT, "The page holds no text of its own; scripts may fill it in a browser.")
    language = (tree.get("lang") or "").strip()[:2].lower() or None
    title = first_heading(markdown) or _title(tree) or name_of(raw)
    return Document(title, markdown, _address(tree, raw.url), language, _licence(tree), notices=_notices(tree))


def _parsed(text: str) -> Any:
    # lxml refuses a text that declares an encoding of its own; bytes it takes, with the encoding said beside them.
    parser = lxml.html.HTMLParser(
        no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    try:
        tree = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.ParserError, ValueError):
        raise Unreadable(DAMAGED, "The page is no HTML that can be read.") from None
    if _is_deeper(tree, _DEEPEST):
        raise Unreadable(TOO_COMPLEX, f"The page nests more than {_DEEPEST} elements.")
    return tree


def _is_deeper(tree: Any, most: int) -> bool:
    depth = 0
    for event, _ in lxml.etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > most:
            return True
    return False


def _main_text(tree: Any) -> str:
    # trafilatura takes what surrounds an article when there is none, and on short pages returns bare lines.
    body = _pruned(tree)
    if not body.text_content().strip():
        return ""
    article = _article(tree)
    loses_headings = not _HEADING.search(article) and any(each.text_content().strip() for each in body.iter(*_HEADINGS))
    return (_as_markdown(body) or article) if loses_headings or not article else article


def _article(tree: Any) -> str:
    found = trafilatura.extract(
        tree,
        output_format="markdown",
        include_comments=False,
        include_tables=True,
        include_formatting=True,
        include_links=False,
        include_images=False,
        favor_recall=True,
        deduplicate=False,
    )
    return (found or "").strip()


def _pruned(tree: Any) -> Any:
    body = lxml.html.document_fromstring(lxml.html.tostring(tree, encoding="unicode"))
    for element in list(body.iter(*_AROUND)):
        element.drop_tree()
    for element in list(body.iter(*_MARGINS)):
        if not any(above.tag in ("main", "article") for above in element.iterancestors()):
            element.drop_tree()
    mains = body.xpath("//main") or body.xpath("//article")
    return mains[0] if len(mains) == 1 else body


def _as_markdown(element: Any) -> str:
    return markdownify.markdownify(lxml.html.tostring(element, encoding="unicode"), **_MARKDOWN).strip()


def _has_text(markdown: str, tree: Any) -> bool:
    letters = sum(character.isalnum() for character in markdown)
    return letters > 0 and (letters >= _LEAST_LETTERS or tree.find(".//script") is None)


def _title(tree: Any) -> str | None:
    for path in ("//h1[1]", "//title[1]", "//meta[@property='og:title']/@content"):
        for found in tree.xpath(path):
            text = " ".join((found if isinstance(found, str) else found.text_content()).split())
            if text:
                return text[:300]
    return None


def _address(tree: Any, url: str | None) -> str | None:
    """Return the canonical address, believed only where it stays on the host that the page came from."""
    for href in tree.xpath("//link[@rel='canonical']/@href"):
        try:
            canonical = urljoin(url or "", str(href).strip())
            is_page = urlsplit(canonical).scheme in ("http", "https") and _host(canonical) != ""
        except ValueError:
            continue
        if is_page and (url is None or _host(url) == _host(canonical)):
            return canonical
    return url


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _licence(tree: Any) -> str | None:
    links = tree.xpath("(//a | //link)[contains(concat(' ', @rel, ' '), ' license ')]")
    found = [f"{' '.join(link.text_content().split())} {link.get('href', '')}".strip() for link in links]
    found += [content for name, content in _meta(tree) if name in _LICENCES]
    return next((str(text)[:_LONGEST_NOTICE] for text in found if text), None)


def _notices(tree: Any) -> tuple[str, ...]:
    footers = (" ".join(element.text_content().split()) for element in tree.xpath(_FOOTERS))
    rights = (content for name, content in _meta(tree) if name in _RIGHTS)
    found = dict.fromkeys(text[-_LONGEST_NOTICE:] for text in (*rights, *_linked_data(tree), *footers) if text)
    return tuple(found)[:_MOST_NOTICES]


def _meta(tree: Any) -> list[tuple[str, str]]:
    named = tree.xpath("//meta[@content]")
    return [((meta.get("name") or meta.get("property") or "").lower(), meta.get("content").strip()) for meta in named]


def _linked_data(tree: Any) -> Iterator[str]:
    for script in tree.xpath("//script[@type='application/ld+json']"):
        try:
            value = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, dict):
                yield from (item[key] for key in ("license", "copyrightNotice") if isinstance(item.get(key), str))
