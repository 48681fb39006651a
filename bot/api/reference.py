"""The API's reference as a plain page: no script, nothing from elsewhere."""

from html import escape
from typing import Any

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>body {{ max-width: 50rem; margin: 2rem auto; padding: 0 1rem; font-family: sans-serif; line-height: 1.5 }}
dt {{ font-family: monospace }}</style>
</head>
<body>
<h1>{title}</h1>
<p>{description}</p>
<p>For programs: <a href="/api/v1/openapi.json">openapi.json</a></p>
"""


def reference_page(document: dict[str, Any]) -> str:
    """Every operation of an OpenAPI document in words."""
    info = document["info"]
    parts = [_HEAD.format(title=escape(info["title"]), description=escape(info["description"]))]
    for path, operations in document["paths"].items():
        parts += [_operation(f"{method.upper()} {path}", operation) for method, operation in operations.items()]
    return "".join([*parts, "</body>\n</html>\n"])


def _operation(title: str, operation: dict[str, Any]) -> str:
    rows = [
        (f"{parameter['in']} {parameter['name']}", parameter.get("description", ""))
        for parameter in operation.get("parameters", ())
    ]
    if body := operation.get("requestBody"):
        rows.append(("body", _schema_name(body)))
    rows += [(f"answer {status}", answer["description"]) for status, answer in operation["responses"].items()]
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(meaning)}</dd>" for name, meaning in rows)
    return f"<h2>{escape(title)}</h2><p>{escape(operation['description'])}</p><dl>{listed}</dl>\n"


def _schema_name(body: dict[str, Any]) -> str:
    schema = body["content"]["application/json"]["schema"]
    options = schema.get("oneOf", [schema])
    return " or ".join(option["$ref"].rsplit("/", 1)[-1] for option in options if "$ref" in option)
