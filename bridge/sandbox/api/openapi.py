"""The OpenAPI 3.1 document of everything that is served, made of the same operations and shapes.

In: operations. Out: one JSON document. Knows nothing of what a call does.
"""

import re
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bridge.sandbox.answers import answer
from bridge.sandbox.api.operation import Operation
from bridge.sandbox.api.shapes import Failure

PATH = "/openapi.json"

_PARAMETER = re.compile(r"{(\w+)}")
_REF = "#/components/schemas/{model}"

_DESCRIPTION = """\
Oncade's Campaigns API as the campaign-bridge sandbox plays it. What Oncade's documents leave open
is our reading and may differ from the real service; `bridge/sandbox/readings.py` lists it all.
No money moves here."""

_REASONS = {
    400: "Something about the request, or the campaign's state, does not allow it",
    401: "No key, or one that is unknown",
    403: "The key or the header belongs to another campaign",
    404: "There is no such thing",
    409: "The Idempotency-Key was used with another body, or the id is taken",
    410: "It can't be used any more",
    413: "The body is too long",
    503: "Nothing can be stored just now",
}

_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "campaign": [{"campaignKey": []}],
    "admin": [{"adminToken": []}],
    "anybody": [],
}


def document(operations: Sequence[Operation], url: str) -> dict[str, Any]:
    """Return the document."""
    models = sorted(_models(operations), key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, _mode(model, operations)) for model in models], ref_template=_REF
    )
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _described(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Oncade Campaigns API (sandbox)",
            "version": version("campaign-bridge"),
            "description": _DESCRIPTION,
        },
        "servers": [{"url": url}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "campaignKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A campaign's API key; X-Campaign-Id must name the campaign.",
                },
                "adminToken": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def route(operations: Sequence[Operation], url: Callable[[], str]) -> web.RouteDef:
    """Return the call that tells the document."""

    async def handler(_: web.Request) -> web.Response:
        return answer(200, document(operations, url())).response()

    return web.get(PATH, handler)


def _models(operations: Sequence[Operation]) -> set[type[BaseModel]]:
    models: set[type[BaseModel]] = {Failure}
    for one in operations:
        models |= set(one.answers.values())
        if one.body is not None:
            models.add(one.body)
    return models


def _mode(model: type[BaseModel], operations: Sequence[Operation]) -> Any:
    return "validation" if any(one.body is model for one in operations) else "serialization"


def _described(one: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{one.method.lower()}{_PARAMETER.sub('', one.path).replace('/', '_')}",
        "summary": one.summary,
        "tags": [one.tag],
        "security": _SECURITY[one.who],
        "parameters": _parameters(one),
        "responses": _responses(one),
    }
    if one.body is not None:
        described["requestBody"] = {
            "required": one.body_required,
            "content": _json(one.body),
        }
    return described


def _parameters(one: Operation) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PARAMETER.findall(one.path)
    ]
    if one.who == "campaign":
        found.append(_header("X-Campaign-Id", required=True))
        found.append(_header("X-Oncade-API-Version", required=False, enum=["v1"]))
    if one.idempotent:
        found.append(_header("Idempotency-Key", required=False))
    if one.query is not None:
        schema = one.query.model_json_schema(by_alias=True)
        found += [
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", []),
                "schema": kind,
            }
            for name, kind in schema["properties"].items()
        ]
    return found


def _header(name: str, *, required: bool, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "schema": {"type": "string", **schema},
    }


def _responses(one: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, shape in one.answers.items():
        found[str(status)] = {"description": _first_line(shape), "content": _json(shape)}
        if status in one.headers:
            found[str(status)]["headers"] = {
                name: {"description": text, "required": True, "schema": {"type": "string"}}
                for name, text in one.headers[status].items()
            }
    too_long = [413] if one.body is not None else []
    for status in [*one.refusals, *too_long]:
        found[str(status)] = {"description": _REASONS[status], "content": _json(Failure)}
    return found


def _json(shape: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=shape.__name__)}}}


def _first_line(shape: type[BaseModel]) -> str:
    return (shape.__doc__ or "").splitlines()[0]
