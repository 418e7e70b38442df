"""The API describes itself, to programs as OpenAPI 3.1 and to people as a page."""

import json

import pytest

from ecfr_site.api.openapi import build_document

pytestmark = pytest.mark.django_db


def test_the_document_is_openapi_3_1(reader, settings):
    # To import it takes seconds, which each process that collects tests would spend.
    from openapi_spec_validator import OpenAPIV31SpecValidator, validate

    document = reader.get("/api/v1/openapi.json").json()

    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": f"{settings.SITE_URL}/api/v1"}]
    validate(document, cls=OpenAPIV31SpecValidator)


def test_every_error_is_described_as_a_problem():
    for methods in build_document()["paths"].values():
        errors = {
            status: answer["content"]
            for status, answer in methods["get"]["responses"].items()
            if status >= "400"
        }
        assert errors.keys() >= {"422", "429"}
        assert all(list(c) == ["application/problem+json"] for c in errors.values())


def test_it_says_that_unknown_parameters_are_refused():
    document = build_document()

    assert "refused with 422" in document["info"]["description"]
    for methods in document["paths"].values():
        refusal = methods["get"]["responses"]["422"]
        assert refusal["description"] == "A parameter is unknown or not valid"


def test_choices_are_told_apart():
    schemas = build_document()["components"]["schemas"]

    assert "translator" in schemas["Credit"]["properties"]["role"]["enum"]
    assert schemas["Topic"]["properties"]["kind"]["enum"] == ["topic", "region"]
    # Pydantic names a schema by its module where two have one name.
    assert "__" not in json.dumps(list(schemas))


def test_the_page_names_every_address_parameter_and_member(
    reader, django_assert_max_num_queries
):
    with django_assert_max_num_queries(5):
        html = reader.get("/api/").content.decode()

    document = build_document()
    for path, methods in document["paths"].items():
        assert f"GET /api/v1{path}</code>" in html
        for parameter in methods["get"]["parameters"]:
            assert f"<code>{parameter['name']}</code>" in html
    for name, schema in document["components"]["schemas"].items():
        assert f'id="{name}"' in html
        assert all(f"<code>{member}</code>" in html for member in schema["properties"])
