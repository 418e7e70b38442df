"""The API's description (OpenAPI 3.1), for programs and for its page."""

from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings

from ecfr_site.api.application import get_api
from ecfr_site.api.problems import MEDIA_TYPE

DESCRIPTION = (
    "Published work, the people who wrote it and the programmes it comes from. Open to "
    "everybody, without a key; only what readers see is here. A parameter that an "
    "address does not have is refused with 422, not passed over."
)
_METHOD = "get"


@cache
def build_document() -> dict[str, Any]:
    """The document as the operations declare it."""
    document = dict(get_api().get_openapi_schema(path_prefix=""))
    document["info"] |= {"description": DESCRIPTION}
    document["servers"] = [{"url": f"{settings.SITE_URL}/api/v1"}]
    schemas = document["components"]["schemas"]
    for methods in document["paths"].values():
        _correct_operation(methods[_METHOD])
        _list_fields(methods[_METHOD], schemas)
    used = _list_used(document["paths"], schemas)
    document["components"] = {
        "schemas": {name: _correct_schema(schemas[name]) for name in sorted(used)}
    }
    return document


def _correct_operation(operation: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        schema = parameter["schema"]
        # The absence of a parameter is no value that could be sent.
        if "anyOf" in schema:
            schema |= schema.pop("anyOf")[0]
        if schema.get("default", "") in (None, ""):
            schema.pop("default", None)
        schema.pop("title", None)
        if "description" in schema:
            parameter["description"] = schema.pop("description")
        if parameter["in"] == "path":
            schema["pattern"] = "^[-a-zA-Z0-9_]+$"
    for status, answer in operation["responses"].items():
        if int(status) >= 400:
            answer["content"] = {MEDIA_TYPE: answer["content"].popitem()[1]}
        if int(status) == HTTPStatus.UNPROCESSABLE_ENTITY:
            answer["description"] = "A parameter is unknown or not valid"
    operation["responses"] = {
        str(status): answer for status, answer in sorted(operation["responses"].items())
    }


def _list_fields(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Name the members that `fields` may choose among."""
    good = operation["responses"]["200"]["content"]["application/json"]["schema"]
    members = schemas[_get_name(good)]["properties"]
    if "items" in members:
        members = schemas[_get_name(members["items"]["items"])]["properties"]
    for parameter in operation["parameters"]:
        if parameter["name"] == "fields":
            parameter |= {
                "schema": {
                    "type": "array",
                    "items": {"type": "string", "enum": list(members)},
                },
                "style": "form",
                "explode": False,
                # Nothing named is all of them.
                "allowEmptyValue": True,
            }


def _get_name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _list_used(
    part: Any, schemas: dict[str, Any], found: frozenset[str] = frozenset()
) -> frozenset[str]:
    """The names of the schemas that a part of the document refers to."""
    if isinstance(part, list):
        for each in part:
            found = _list_used(each, schemas, found)
    elif isinstance(part, dict):
        name = _get_name(part)
        if name and name not in found:
            found = _list_used(schemas[name], schemas, found | {name})
        for each in part.values():
            found = _list_used(each, schemas, found)
    return found


def _correct_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Without what pydantic repeats; members may be added one day."""
    for member in schema.get("properties", {}).values():
        member.pop("title", None)
    return {
        name: value
        for name, value in schema.items()
        if name not in ("title", "additionalProperties")
    }


# For its page


@dataclass(frozen=True)
class Member:
    name: str
    type: str
    description: str
    # The schema that it consists of, if any.
    schema: str = ""


@dataclass(frozen=True)
class Operation:
    path: str
    summary: str
    description: str
    parameters: list[Member]
    statuses: list[tuple[str, str]]
    answers: str


def list_operations() -> list[Operation]:
    return [
        _read_operation(path, methods[_METHOD])
        for path, methods in build_document()["paths"].items()
    ]


def _read_operation(path: str, operation: dict[str, Any]) -> Operation:
    good = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return Operation(
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=[
            Member(
                each["name"], _name_type(each["schema"]), each.get("description", "")
            )
            for each in operation["parameters"]
        ],
        statuses=[
            (status, answer["description"])
            for status, answer in operation["responses"].items()
        ],
        answers=_find_schema(good),
    )


def list_schemas() -> list[tuple[str, str, list[Member]]]:
    """(name, description, members) of what answers consist of."""
    return [
        (
            name,
            schema.get("description", ""),
            [
                Member(
                    member,
                    _name_type(details),
                    details.get("description", ""),
                    _find_schema(details),
                )
                for member, details in schema["properties"].items()
            ],
        )
        for name, schema in build_document()["components"]["schemas"].items()
        if "properties" in schema
    ]


def _find_schema(details: dict[str, Any]) -> str:
    """The name of the schema with members that is meant, also within a list."""
    for each in [details, details.get("items", {}), *details.get("anyOf", [])]:
        name = _get_name(each)
        if "properties" in build_document()["components"]["schemas"].get(name, {}):
            return name
    return ""


def _name_type(details: dict[str, Any]) -> str:
    """In words: “text”, “list of Credit”, “number, 1 to 100”, “one of a, b”."""
    if details.get("type") == "array" and "enum" in details["items"]:
        return "names, with commas between"
    if "anyOf" in details:
        names = [_name_type(each) for each in details["anyOf"]]
        return " or ".join(names)
    if "$ref" in details:
        name = _get_name(details)
        found = build_document()["components"]["schemas"][name]
        return name if "properties" in found else _name_type(found)
    if "enum" in details:
        return f"one of {', '.join(map(str, details['enum']))}"
    if details.get("type") == "array":
        return f"list of {_name_type(details['items'])}"
    if "minimum" in details and "maximum" in details:
        return f"number, {details['minimum']} to {details['maximum']}"
    return _TYPES.get(details.get("format") or details.get("type", ""), "anything")


_TYPES = {
    "string": "text",
    "integer": "number",
    "boolean": "true or false",
    "null": "null",
    "date": "date",
    "date-time": "date and time",
}
