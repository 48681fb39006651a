"""The API's reference as a page of our own: FastAPI's loads its program from a CDN, and this gateway loads nothing."""

import re
from html import escape
from typing import Any

from fastapi import FastAPI

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="/chat/static/mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="/chat/static/reference.css">
</head>
<body>
<main>
<h1>{title}</h1>
<p>{description}</p>
<p>For programs: <a href="/openapi.json">openapi.json</a></p>
"""


def reference_page(app: FastAPI) -> str:
    """Every operation of the app's OpenAPI document, readable without any script."""
    document = app.openapi()
    info = document["info"]
    parts = [_HEAD.format(title=escape(info["title"]), description=_words(info.get("description", "")))]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(_operation(document, method.upper(), path, operation))
    parts.append("</main>\n</body>\n</html>\n")
    return "".join(parts)


def _words(description: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(description))


def _operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    rows = [
        _row(f"{parameter['in']} {parameter['name']}", parameter.get("schema", {}), parameter, document)
        for parameter in operation.get("parameters", ())
    ]
    if body := operation.get("requestBody"):
        for media_type, content in body["content"].items():
            rows.append(_row(f"body {media_type}", content.get("schema", {}), body, document))
    for status, answer in operation["responses"].items():
        contents: list[dict[str, Any]] = list(answer.get("content", {}).values())
        schema = contents[0].get("schema", {}) if contents else {}
        rows.append(_row(f"answer {status}", schema, answer, document))
    lock = "<p>Needs <code>Authorization: Bearer &lt;token&gt;</code></p>" if operation.get("security") else ""
    return (
        f"<section><h2><span>{method}</span> <code>{escape(path)}</code></h2>"
        f"<p>{_words(operation.get('description', operation.get('summary', '')))}</p>{lock}"
        f"<table><tbody>{''.join(rows)}</tbody></table></section>\n"
    )


def _row(label: str, schema: dict[str, Any], described: dict[str, Any], document: dict[str, Any]) -> str:
    description = described.get("description", "")
    return f"<tr><th scope=row>{escape(label)}</th><td>{_words(description)}{_fields(schema, document)}</td></tr>"


def _fields(schema: dict[str, Any], document: dict[str, Any]) -> str:
    """A schema in words: its fields, each with its type and description."""
    resolved = _resolve(schema, document)
    properties = resolved.get("properties")
    if not properties:
        return f" <code>{escape(_type_name(schema))}</code>" if schema else ""
    required = resolved.get("required", ())
    items = "".join(
        f"<li><code>{escape(name)}</code> {escape(_type_name(field))}"
        f"{'' if name in required else ', optional'}"
        f"{': ' + _words(field['description']) if 'description' in field else ''}"
        f"{_nested(field, document)}</li>"
        for name, field in properties.items()
    )
    return f"<ul>{items}</ul>"


def _nested(field: dict[str, Any], document: dict[str, Any]) -> str:
    options = [*field.get("anyOf", ()), field.get("items", {}), field]
    reference = next((option for option in options if "$ref" in option), None)
    resolved = _resolve(reference, document) if reference is not None else {}
    return _fields(resolved, document) if "properties" in resolved else ""


def _resolve(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    for option in [schema, *schema.get("anyOf", ())]:
        if "$ref" in option:
            found: dict[str, Any] = document["components"]["schemas"][option["$ref"].rsplit("/", 1)[-1]]
            return found
    return schema


def _type_name(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_type_name(option) for option in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type_name(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "anything")
