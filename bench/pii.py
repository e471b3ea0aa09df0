"""Measures what is found of personal data: recall by type, characters that leak, false alarms, CPU per KB.

Reads `EVAL_DATA/pii/synth_dataset_v2.json` (presidio-research), and `generated_*.json` of the same makers if they lie
beside it, and counts false alarms also on `EVAL_DATA/retrieval/xquad.en.json`, which has no personal data with a shape.
Prints a JSON line per type, then the sums.
"""

import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.evaldata import find as find_data
from core.personal_data import find

TYPES = {
    "CREDIT_CARD",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "IBAN_CODE",
    "US_SSN",
    "IP_ADDRESS",
    "US_DRIVER_LICENSE",
}
"""Types with a shape. Names, places, organisations, dates, ages and web addresses have none, and are not masked."""
ROUNDS = 5


def measure(path: Path) -> list[str]:
    """Print the figures of one file and return its texts."""
    labelled: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    found, whole, leaked, false_alarms = Counter[str](), Counter[str](), Counter[str](), 0
    for row in labelled:
        text = row["full_text"]
        spans = find(text)
        covered = {index for span in spans for index in range(span.start, span.end)}
        wanted = [span for span in row["spans"] if span["entity_type"] in TYPES]
        for span in wanted:
            labels = range(span["start_position"], span["end_position"])
            missed = sum(text[index].isalnum() and index not in covered for index in labels)
            found[span["entity_type"]] += not missed
            whole[span["entity_type"]] += 1
            leaked[span["entity_type"]] += missed
        places = {index for span in wanted for index in range(span["start_position"], span["end_position"])}
        false_alarms += sum(places.isdisjoint(range(span.start, span.end)) for span in spans)
    words = sum(len(row["full_text"].split()) for row in labelled)
    for kind in sorted(whole):
        _print(
            path, {"type": kind, "recall": _share(found[kind], whole[kind]), "of": whole[kind], "leaked": leaked[kind]}
        )
    total = {
        "type": "all",
        "recall": _share(found.total(), whole.total()),
        "of": whole.total(),
        "leaked": leaked.total(),
    }
    _print(path, total | {"false_alarms_per_1000_words": round(1000 * false_alarms / words, 3)})
    return [row["full_text"] for row in labelled]


def count_false_alarms(path: Path) -> list[str]:
    """Print the false alarms in texts without personal data and return the texts."""
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    texts = [text for one in paragraphs for text in (one["context"], *(row["question"] for row in one["qas"]))]
    alarms, words = sum(len(find(text)) for text in texts), sum(len(text.split()) for text in texts)
    _print(path, {"false_alarms_per_1000_words": round(1000 * alarms / words, 3), "words": words})
    return texts


def _print(path: Path, figures: dict[str, Any]) -> None:
    print(json.dumps({"bench": "pii", "data": path.name, **figures}), flush=True)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def main() -> int:
    """Measure what is there."""
    path, articles = find_data("pii", "pii/synth_dataset_v2.json"), find_data("pii", "retrieval/xquad.en.json")
    texts = (
        [text for file in [path, *sorted(path.parent.glob("generated_*.json"))] for text in measure(file)]
        if path
        else []
    )
    texts += count_false_alarms(articles) if articles else []
    if not texts:
        return 0
    kilobytes, rounds = sum(len(text.encode()) for text in texts) / 1024, []
    for _ in range(ROUNDS):
        start = time.process_time()
        for text in texts:
            find(text)
        rounds.append((time.process_time() - start) * 1000 / kilobytes)
    ours = round(statistics.median(rounds), 3)
    print(json.dumps({"bench": "pii", "ours": ours, "limit": 2.0, "unit": "ms CPU/KB", "rounds": ROUNDS}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
