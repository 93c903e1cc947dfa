"""The routes of the studio's server, and the application around them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, FastAPI, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles
from starlette.routing import Match
from starlette.types import Scope

import ram_sdk
from ram_sdk.formats.read_options import person_of
from ram_sdk.pipeline import RAMPipeline
from ram_sdk.studio import error_responses, files, plans, schemas
from ram_sdk.studio.capabilities import capabilities as capabilities_of
from ram_sdk.studio.guard import Guard, Rate
from ram_sdk.studio.plans import Plan
from ram_sdk.studio.refusal import Refusal, one_line
from ram_sdk.studio.schemas import (
    Capabilities,
    ComposeRequest,
    EditRequest,
    GenerateRequest,
    Id,
    Limits,
    MotionInfo,
    Problem,
)
from ram_sdk.studio.work import Job, Work

_STATIC = Path(__file__).parent / "static"
_THREADS = 2  # that read and write files
_MOST_FILES = 64  # files that wait to be read or written
_HANGING = 1.0  # seconds between checks that a waiting client is still connected
_PLAYER_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; connect-src data: blob:"
)
Result = TypeVar("Result")


class Studio:
    """What the routes share."""

    def __init__(self, pipeline: RAMPipeline, limits: Limits) -> None:
        self.pipeline = pipeline
        self.limits = limits
        self.work = Work(pipeline, limits)
        self.rate = Rate(limits.rate)
        self.capabilities = capabilities_of(pipeline, limits)
        self._threads = CapacityLimiter(_THREADS)

    async def aside(self, task: Callable[..., Result], *arguments: Any) -> Result:
        """Read or write a file in a thread.

        Raises:
            Refusal: too many wait for one.
        """
        if self._threads.statistics().tasks_waiting >= _MOST_FILES:
            raise Refusal(503, f"{_MOST_FILES} files wait to be read or written: try again later", 10)
        return await to_thread.run_sync(partial(task, *arguments), limiter=self._threads)


def create_app(
    pipeline: RAMPipeline,
    limits: Limits | None = None,
    *,
    hosts: Collection[str] = (),
    frames: Collection[str] = (),
) -> FastAPI:
    """The studio as an ASGI application.

    Args:
        pipeline: makes the motions, in one thread.
        limits: of what clients may request.
        hosts: host names of the server, besides localhost and IP addresses.
        frames: origins of pages that may show the studio in a frame.
    """
    studio = Studio(pipeline, limits or Limits())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        studio.work.start()
        yield
        studio.work.stop()

    app = FastAPI(
        title="RAM studio",
        version=ram_sdk.__version__,
        description="Text to human motion. Every refusal is one line in `error`.",
        docs_url=None,  # these pages would load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.studio = studio
    app.add_middleware(Guard, limits=studio.limits, hosts=hosts, frames=frames)
    for kind, handler in error_responses.HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.include_router(_routes)
    app.mount("/", _Page(directory=_STATIC, html=True, check_dir=False))
    return app


class _Page(StaticFiles):
    """The files of the page; a route of the API with another method is no missing file."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or a refusal."""
        for route in _routes.routes:
            if isinstance(route, APIRoute) and route.matches(scope)[0] is Match.PARTIAL:
                method = scope["method"]
                allowed = ", ".join(sorted(route.methods or ()))
                refusal = Refusal(405, f"{method} {scope['path']}: use {allowed}")
                refusal.headers = {"Allow": allowed}
                raise refusal
        return await super().get_response(path, scope)


def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _counted(request: Request) -> None:
    """Count a request that makes something."""
    _studio(request).rate.take(_address(request))


Shared = Annotated[Studio, Depends(_studio)]
_COUNTED = [Depends(_counted)]
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in {
        400: "The body is malformed.",
        403: "The request comes from a page of another site.",
        404: "It does not exist, or is no longer kept.",
        413: "The body is too large.",
        421: "The server does not have this host name.",
        422: "The request cannot be fulfilled.",
        429: "Too many requests from this address.",
        500: "Something went wrong in the server.",
        501: "The server lacks a dependency of this request.",
        503: "The queue is full.",
    }.items()
}
_PROBLEM = {"$ref": f"#/components/schemas/{Problem.__name__}"}
_A_FILE = {"schema": {"type": "string", "format": "binary"}}
_JOB: dict[int | str, dict[str, Any]] = {
    200: {"description": "The motion as a file.", "content": {kind: _A_FILE for kind in files.ACCEPTED}},
    202: {"description": "The queued job.", "model": schemas.Job},
}
_PLAIN_REFUSALS: dict[int | str, dict[str, Any]] = {  # of a route whose other responses are not JSON
    status: {"description": one["description"], "content": {"application/json": {"schema": _PROBLEM}}}
    for status, one in _REFUSALS.items()
}
_routes = APIRouter(responses=_REFUSALS)
Format = Annotated[str | None, Query(description="wait, and return the motion itself as such a file")]


@_routes.get("/capabilities")
async def capabilities(studio: Shared) -> Capabilities:
    """What this server can do."""
    return studio.capabilities


@_routes.post("/generate", status_code=202, responses=_JOB, response_model=None, dependencies=_COUNTED)
async def generate(
    body: GenerateRequest, request: Request, studio: Shared, format: Format = None
) -> Response:
    """Make motions from a prompt."""
    plan = plans.generate(studio.pipeline, studio.work.motion, studio.limits, body)
    return await _submitted(plan, body.num, request, format)


@_routes.post("/compose", status_code=202, responses=_JOB, response_model=None, dependencies=_COUNTED)
async def compose(body: ComposeRequest, request: Request, studio: Shared, format: Format = None) -> Response:
    """Make one motion from a timeline of prompts and motions."""
    plan = plans.compose(studio.pipeline, studio.work.motion, studio.limits, body)
    return await _submitted(plan, 1, request, format)


@_routes.post("/edit", status_code=202, responses=_JOB, response_model=None, dependencies=_COUNTED)
async def edit(body: EditRequest, request: Request, studio: Shared, format: Format = None) -> Response:
    """Regenerate a part of a motion."""
    plan = plans.edit(studio.pipeline, studio.work.motion, studio.limits, body)
    return await _submitted(plan, body.num, request, format)


@_routes.get("/jobs/{job_id}")
async def job(job_id: Id, studio: Shared) -> schemas.Job:
    """The state of a job."""
    return studio.work.answer(studio.work.find(job_id))


def _job(job_id: Id, studio: Shared) -> Job:
    return studio.work.find(job_id)


@_routes.get("/jobs/{job_id}/events", response_class=EventSourceResponse, responses=_PLAIN_REFUSALS)
async def events(job: Annotated[Job, Depends(_job)], studio: Shared) -> AsyncIterator[ServerSentEvent]:
    """A job's events: `queued`, `estimate`, then `done`, `failed` or `cancelled`."""
    async for name, data in studio.work.events(job):
        yield ServerSentEvent(event=name, data=data)


@_routes.delete("/jobs/{job_id}")
async def cancel(job_id: Id, studio: Shared) -> schemas.Job:
    """Cancel a job; one that has ended stays as it is."""
    job = studio.work.find(job_id)
    studio.work.cancel(job)
    return studio.work.answer(job)


@_routes.post("/motions", status_code=201, dependencies=_COUNTED)
async def upload(
    file: Annotated[UploadFile, File(description="a clip in a format that can be read")],
    studio: Shared,
    up: Annotated[str | None, Form(description="axis that points up, where the file does not say")] = None,
    fps: Annotated[float | None, Form(description="its frames a second")] = None,
    person: Annotated[
        str | None, Form(description="which one: a number from 1, or a name's beginning")
    ] = None,
) -> MotionInfo:
    """Upload a motion, to be edited, continued or converted."""
    content, name = await file.read(), file.filename or ""
    who = person_of(person)

    def read() -> MotionInfo:
        motion, notes = files.read(content, name, up, fps, who, studio.limits.upload_seconds)
        return studio.work.keep(motion, warnings=notes)

    return await studio.aside(read)


@_routes.get(
    "/motions/{motion_id}.{format}",
    response_class=Response,
    responses={200: {"content": {one.media_type: _A_FILE for one in files.infos()}}},
    dependencies=_COUNTED,
)
async def motion_file(motion_id: Id, format: str, request: Request, studio: Shared) -> Response:
    """A motion as a file; the options of the format are query parameters."""
    motion = studio.work.motion(motion_id)
    return await _file(studio, motion, format, dict(request.query_params))


@_routes.get("/motions/{motion_id}")
async def motion(motion_id: Id, studio: Shared) -> MotionInfo:
    """The description of a motion."""
    return studio.work.described(motion_id)[1]


@_routes.post(
    "/retarget",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": _A_FILE, "model/gltf-binary": _A_FILE}}},
    dependencies=_COUNTED,
)
async def retarget(
    character: Annotated[UploadFile, File(description="a rigged body: .glb, .vrm or .bvh")],
    motion: Annotated[Id, Form(description="id of the motion that it should perform")],
    studio: Shared,
    root: Annotated[Literal["hips", "ground", "in_place"], Form(description="what travels")] = "hips",
    hands: Annotated[Literal["relaxed", "flat", "fist"], Form()] = "relaxed",
) -> Response:
    """Put a motion on an uploaded character: its file with the animation.

    `X-Warnings`, a JSON list of lines, says what was assumed about the file.
    """
    content, name = await character.read(), character.filename or ""
    given = studio.work.motion(motion)

    def put() -> tuple[bytes, list[str]]:
        return files.on_character(given, content, name, root=root, hands=hands)

    made, notes = await studio.aside(put)
    headers = {"Content-Disposition": "attachment", **_warned(notes)}
    return Response(made, media_type=files.media_type(Path(name).suffix.lower()[1:]), headers=headers)


async def _submitted(plan: Plan, num: int, request: Request, format: str | None) -> Response:
    """The job, or the file that it makes if the client wants that."""
    studio = _studio(request)
    if format is None:
        format = next((files.ACCEPTED[kind] for kind in _accepts(request) if kind in files.ACCEPTED), None)
    if format is not None:
        files.check_format(format)
        if num > 1:
            raise ValueError(f"num {num}: a file holds one motion, ask without a format for a job")
    job = studio.work.submit(plan, _address(request))
    if format is None:
        answer = studio.work.answer(job)
        return JSONResponse(answer.model_dump(mode="json"), 202, {"Location": f"/jobs/{job.id}"})
    await _end(job, studio, request)
    made = job.motions[0]
    headers = {"X-Motion": made.id, "X-Seed": str(made.settings["seed"]), **_warned(made.warnings)}
    return await _file(studio, studio.work.motion(made.id), format, {}, headers)


async def _end(job: Job, studio: Studio, request: Request) -> None:
    """Wait until a job is done; it is cancelled when the client hangs up.

    Raises:
        Refusal: it was not done.
    """
    ending = asyncio.ensure_future(job.end())
    while not ending.done():
        await asyncio.wait([ending], timeout=_HANGING)
        if await request.is_disconnected():
            studio.work.cancel(job)
    if job.state == "cancelled":
        raise Refusal(503, job.error or "the job was cancelled")
    if job.state == "failed":
        raise Refusal(422 if job.invalid else 500, job.error or "")


async def _file(
    studio: Studio, motion: Any, name: str, query: dict[str, str], headers: dict[str, str] | None = None
) -> Response:
    files.check_format(name)
    content = await studio.aside(files.write, motion, name, query)
    policy = {"Content-Security-Policy": _PLAYER_POLICY} if name == "html" else {}
    more = {"Content-Disposition": "attachment", **policy, **(headers or {})}
    return Response(content, media_type=files.media_type(name), headers=more)


def _warned(notes: Sequence[str]) -> dict[str, str]:
    """The header of a response that is a file: a JSON list, cut to a length that clients accept."""
    return {"X-Warnings": json.dumps([one_line(note)[:500] for note in notes[:8]])} if notes else {}


def _accepts(request: Request) -> list[str]:
    return [kind.split(";")[0].strip().lower() for kind in request.headers.get("accept", "").split(",")]
