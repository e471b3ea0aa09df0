"""Valid structured answers, computed from the schema of a request and the data in its last message."""

import json
import re
from typing import Any

_DATA = re.compile(r"<data>\n(.*)\n</data>", re.DOTALL)


def structured_answer(body: dict[str, Any], overrides: dict[str, Any]) -> str:
    """Return JSON that fits the request's schema; `overrides` set top-level fields. Without a schema: what is said."""
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    if schema is None:
        return spoken_answer(body)
    answer = _fill(schema, "", _data(body), schema)
    return json.dumps(
        {**answer, **{key: value for key, value in overrides.items() if key in answer}}, ensure_ascii=False
    )


def spoken_answer(body: dict[str, Any]) -> str:
    """Return what a good model says in a talk: the sentences of the first passage, each with its number."""
    data = _data(body)
    if not data:
        return "Hello. How can I help?"
    if not data.get("passages"):
        return "UNANSWERABLE"
    sentences = re.findall(r"[^.!?؟]+[.!?؟]", data["passages"][0]["text"])[:3]
    return " ".join(f"{sentence.strip()} [1]" for sentence in sentences) or f"{data['passages'][0]['text']} [1]"


def _data(body: dict[str, Any]) -> dict[str, Any]:
    found = _DATA.search(str(body["messages"][-1]["content"]))
    return json.loads(found[1]) if found else {}


def _fill(schema: dict[str, Any], name: str, data: dict[str, Any], root: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _fill(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], name, data, root)
    if "anyOf" in schema:
        text = _sentence(name, data)
        return text if text is not None else None
    kind = schema.get("type")
    if kind == "object":
        return {key: _fill(item, key, data, root) for key, item in schema["properties"].items()}
    if kind == "array":
        return [_fill(schema["items"], name, data, root)]
    if "enum" in schema:
        return _choice(name, schema["enum"], data)
    return _scalar(kind, schema, name, data)


def _scalar(kind: str | None, schema: dict[str, Any], name: str, data: dict[str, Any]) -> Any:
    if kind == "boolean":
        return True
    if kind == "integer":
        return 1
    if kind == "number":
        return 0.9
    return (_sentence(name, data) or f"Some {name or 'text'}")[: schema.get("maxLength", 400)]


def _choice(name: str, options: list[str], data: dict[str, Any]) -> str:
    wanted = {
        "nudge_type": "tooltip" if data.get("elements") else "chat",
        "kind": "dismiss",
        "reason_class": {"validation_loop": "validation", "error_click": "product_error"}.get(
            data.get("signal", {}).get("kind", ""), "other"
        ),
    }.get(name)
    return wanted if wanted in options else options[0]


def _sentence(name: str, data: dict[str, Any]) -> str | None:
    step = data.get("step", {})
    place = step.get("title") or data.get("stuck_point", "this step")
    arabic = str(data.get("language", "en")).startswith("ar")
    texts: dict[str, str | None] = {
        "evidence": f"{len(data.get('signal', {}).get('proof', []))} events of {data.get('signal', {}).get('kind')}",
        "inferred_reason": f"{place}: {step.get('hint') or 'the next action is unclear.'}",
        "target_element": next(iter(data.get("elements", [])), None),
        "title": "لنكمل هذه الخطوة معًا" if arabic else "Let us get this step done",
        "body": "تحقّق من الحقل ثم أعد المحاولة." if arabic else step.get("hint") or "Check the field, then try again.",
        "label": "فهمت" if arabic else "Got it",
        "headline": f"Stuck at {place}",
        "why": f"The user did not get past {place}.",
        "suggestion": "Get in touch and go through it together.",
        "url": None,
    }
    return texts.get(name)
