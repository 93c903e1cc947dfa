"""Error responses: one line that says what was given, what is allowed and what to do."""

import json
import re
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ram_sdk.studio.refusal import one_line

_MOST = 1000  # characters of a line
_SHOWN = 60  # of what was given
_PROBLEMS = 3  # of a body that are named


async def refused(request: Request, error: Exception) -> Response:
    """A `Refusal`, or an error of the framework."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": one_line(error.detail)}, error.status_code, error.headers)


async def invalid(request: Request, error: Exception) -> Response:
    """A body or parameters that do not fit their schema, or an id in the path that none can be."""
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    first, sent = problems[0], request.headers.get("Content-Type")
    if first["loc"][0] == "path":
        given = f"{first['loc'][-1]} {_given(first['input'])}"
        return JSONResponse({"error": one_line(f"{given}: there is none, or it is no longer kept")}, 404)
    if first["type"] == "model_attributes_type" and "json" not in (sent or ""):
        line = f"Content-Type {_given(sent)}: send the header as application/json"
    else:
        line = "; ".join(map(_problem, problems[:_PROBLEMS]))
    return JSONResponse({"error": line[:_MOST]}, 422)


async def impossible(request: Request, error: Exception) -> Response:
    """An error of the library; its message is enough."""
    return JSONResponse({"error": one_line(error)[:_MOST]}, 422)


async def broken(request: Request, error: Exception) -> Response:
    """An internal error of the server."""
    return JSONResponse({"error": "something went wrong in the server: its log says what"}, 500)


HANDLERS = {
    HTTPException: refused,
    RequestValidationError: invalid,
    ValueError: impossible,
    Exception: broken,
}


def _problem(error: dict[str, Any]) -> str:
    """One fault of a body, in the words of the other messages."""
    if error["type"] == "json_invalid":
        return one_line(f"the body is not JSON: {error['ctx']['error']} at character {error['loc'][-1]}")
    place = ".".join(str(part) for part in error["loc"] if part not in ("body", "query", "path"))
    if error["type"] == "missing":
        return f"{place or 'the body'} is missing: give it, /openapi.json says what it may be"
    if error["type"] == "extra_forbidden":
        return f"{place}: there is nothing of that name, /openapi.json lists what there is"
    if error["type"] == "string_pattern_mismatch":
        return one_line(f"{place} {_given(error['input'])}: expected an id as the server gives it")
    wanted = re.sub(r" after validation, not \d+$", "", error["msg"])
    wanted = re.sub(r"^(Input|String|List|Value) should (be|have) (a valid )?", "expected ", wanted)
    return one_line(f"{place} {_given(error['input'])}: {wanted}".strip())


def _given(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
