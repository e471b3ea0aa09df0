"""Measures the citation check on public paragraphs: each sentence as it stands, and with its facts changed.

The paragraphs are those of a file in SQuAD's form (XQuAD's English one), `EVAL_DATA/retrieval/xquad.en.json`. A
sentence of a paragraph is supported by it, also without its last clause; with another number or name, or with a denial
put in or taken out, it is not, and no more is a sentence of another article. Prints one JSON line per kind with the
share that was withheld: 0 is right for the first two, 1 for the others.
"""

import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.evaldata import find
from core.passages import Passage, Scores
from knowledge.citations import check, split_sentences

NUMBER = re.compile(r"(?<![\w.,])\d{1,4}(?![\w.,%]*\d)")
NAME = re.compile(r"(?<=[a-z] )[A-Z][a-z]{3,}\b")
VERB = re.compile(r"\b(is|are|was|were|has|had|have|can|will|would|could)\b(?! not)")
DENIAL = re.compile(r"\b(is|are|was|were|has|had|have|do|does|did|can|will|would|could) not\b")
TAIL = re.compile(r", (?:and|but|which|who|with|while|where|as)\b[^,]{10,}\.$")


def paragraphs(path: Path) -> list[tuple[str, str]]:
    """Return (title of the article, text of the paragraph)."""
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    return [(article["title"], paragraph["context"]) for article in articles for paragraph in article["paragraphs"]]


def variants(sentence: str, stranger: str, names: list[str], chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (kind, sentence) for what can be made of a sentence; `stranger` is one of another article."""
    yield "as it stands", sentence
    if TAIL.search(sentence):
        yield "without its last clause", TAIL.sub(".", sentence)
    if NUMBER.search(sentence):
        yield "another number", NUMBER.sub(lambda found: str(int(found[0]) + chance.randint(1, 9)), sentence, count=1)
    if (found := NAME.search(sentence)) and (
        others := [name for name in names if name.lower() not in sentence.lower()]
    ):
        yield "another name", sentence.replace(found[0], chance.choice(others))
    if DENIAL.search(sentence):
        yield "denial taken out", DENIAL.sub(r"\1", sentence, count=1)
    elif VERB.search(sentence):
        yield "denial put in", VERB.sub(r"\1 not", sentence, count=1)
    yield "of another article", stranger


def withheld(claim: str, passage: Passage) -> bool:
    """Tell whether anything of the claim was withheld."""
    return bool(check(claim, [], [passage]).withheld)


def main() -> int:
    """Run over all paragraphs; the second half alone with `--second-half`."""
    path = find("citations", "retrieval/xquad.en.json")
    if path is None:
        return 0
    texts = paragraphs(path)
    chance = random.Random(7)
    names = sorted({found for _, text in texts for found in NAME.findall(text)})
    counts: dict[str, list[bool]] = {}
    for title, text in texts[len(texts) // 2 :] if "--second-half" in sys.argv else texts:
        passage = Passage("c", "s", title.replace("_", " "), (), text, Scores(1.0))
        for sentence in split_sentences(text):
            other = chance.choice([entry for entry in texts if entry[0] != title])[1]
            stranger = chance.choice(split_sentences(other)).text
            for kind, claim in variants(sentence.text, stranger, names, chance):
                counts.setdefault(kind, []).append(withheld(claim, passage))
    for kind, results in counts.items():
        line = {
            "bench": "citations",
            "kind": kind,
            "withheld": round(sum(results) / len(results), 3),
            "of": len(results),
        }
        print(json.dumps(line), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
