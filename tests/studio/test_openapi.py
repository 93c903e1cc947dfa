"""Whatever the OpenAPI allows, and much that it does not, gets an answer that it describes."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

OPERATIONS = [
    ("GET", "/capabilities"),
    ("POST", "/generate"),
    ("POST", "/compose"),
    ("POST", "/edit"),
    ("POST", "/retarget"),
    ("POST", "/motions"),
    ("GET", "/motions/{motion_id}"),
    ("GET", "/motions/{motion_id}.{format}"),
    ("GET", "/jobs/{job_id}"),
    ("GET", "/jobs/{job_id}/events"),
    ("DELETE", "/jobs/{job_id}"),
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def schema(address):
    return schemathesis.openapi.from_url(f"{address}/openapi.json")


def test_every_route_is_tried(schema):
    known = {(one.ok().method.upper(), one.ok().path) for one in schema.get_all_operations()}
    assert known == set(OPERATIONS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        (*operation, mode)
        for operation in OPERATIONS
        for mode in GenerationMode
        if (operation[1], mode) != ("/capabilities", GenerationMode.NEGATIVE)  # it takes nothing
    ],
)
def test_no_request_breaks_the_server(schema, method, path, mode):
    cases = schema[path][method].as_strategy(generation_mode=mode)

    @settings(
        max_examples=12,
        derandomize=True,
        deadline=None,
        database=None,
        verbosity=Verbosity.quiet,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case):
        answer = case.call(timeout=60)
        # Without Blender or another part a server says so with 501, and when it is full with 503
        if answer.status_code not in (501, 503):
            case.validate_response(answer, checks=CHECKS)
        elif answer.status_code == 503:
            assert "try again" in answer.json()["error"]

    ask()
