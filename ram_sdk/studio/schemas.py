"""Schemas of the HTTP API: requests and responses."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ram_sdk.scheduler import Sampler, Spacing

LARGEST_SEED = 2**53 - 1  # that every JSON reader keeps exactly
Prompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16}$")]
Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Scale = Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Sampling(_Strict):
    """How to sample; the defaults are the checkpoint's, and a seed is drawn."""

    seed: int | None = Field(None, ge=0, le=LARGEST_SEED, description="makes the result repeatable")
    reg_scale: Scale | None = Field(None, description="Reconstructive Error Guidance, 0 = off")
    cfg_scale: Scale | None = Field(None, description="classifier-free guidance, 0 = off")
    steps: int | None = Field(None, ge=1, le=1000, description="denoising steps")
    sampler: Sampler | None = None
    spacing: Spacing | None = Field(None, description="of the steps")
    strength: float | None = Field(
        None, ge=0, le=1, description="1 starts from pure noise, less from a capture that fits the prompt"
    )


class Several(Sampling):
    """Settings of requests that make one motion or several."""

    num: int = Field(1, ge=1, description="motions; the k-th has seed + k")
    candidates: int = Field(1, ge=1, description="each motion is the best of so many")
    constraints: list[dict[str, Any]] = Field(
        [],
        max_length=500,
        description='such as {"kind": "Path", "points": [[0, 0], [1, 2]]}; a Keep names its motion by id, or '
        'gives {"joints": ..., "fps": ...}',
    )


class GenerateRequest(Several):
    """A motion from a prompt."""

    prompt: Prompt = Field(description="what the person does")
    duration: Seconds | None = Field(None, description="seconds; default: what the text says, or an estimate")


class PromptSegment(_Strict):
    """A prompt in time."""

    prompt: Prompt
    start: Seconds
    end: Seconds
    part: str = Field("whole body", description="or a part of the body, see the capabilities")


class MotionSegment(_Strict):
    """A motion that is kept."""

    motion: Id
    start: Seconds
    end: Seconds
    offset: Seconds = Field(0.0, alias="from", description="second of the motion where it begins")


class TimelineBody(_Strict):
    """What happens when."""

    segments: list[PromptSegment | MotionSegment] = Field(min_length=1, max_length=200)


class ComposeRequest(Sampling):
    """One motion from several prompts."""

    timeline: TimelineBody


class EditRequest(Several):
    """A part of a motion to regenerate."""

    motion: Id
    prompt: Prompt
    keep: Literal["upper", "lower"] | list[tuple[Seconds, Seconds]] = Field(
        description="what stays: half of the body, or spans in seconds"
    )


class Recipe(BaseModel):
    """The request that makes a motion again."""

    path: Literal["/generate", "/compose", "/edit"]
    body: dict[str, Any]


class MotionInfo(BaseModel):
    """A motion that the server holds; `/motions/{id}.{format}` gives it as a file."""

    id: str
    prompt: str | None
    fps: float
    frames: int
    duration: float = Field(description="seconds")
    floor: float = Field(description="height of the lowest point of the body, metres")
    settings: dict[str, Any] = Field(description="seed, steps, guidance, checkpoint, scores of candidates")
    recipe: Recipe | None = Field(description="makes it again; null for an uploaded one")
    warnings: list[str] = Field(
        [], description="a line each: what was assumed of a file, a prompt that the checkpoint does not know"
    )


class Job(BaseModel):
    """A job."""

    id: str
    kind: Literal["generate", "compose", "edit"]
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    position: int | None = Field(None, description="jobs before it, while it is queued")
    step: int = Field(0, description="denoising steps done")
    steps: int = Field(0, description="denoising steps in all, per round of candidates")
    error: str | None = None
    request: dict[str, Any] = Field(description="the request, with the seed")
    motions: list[MotionInfo] = []


class Queued(BaseModel):
    """Event `queued`."""

    position: int = Field(description="jobs before it; 0 is next")


class Estimate(BaseModel):
    """Event `estimate`: the motion after a step."""

    step: int
    steps: int
    seconds: float = Field(description="length of the motion")
    joints: list[list[list[float]]] = Field(
        description="(frames, joints, 3) metres, the whole length in at most 32 frames"
    )


class FormatOption(BaseModel):
    """An option of a format, as a query parameter."""

    name: str
    help: str
    kind: Literal["choice", "number", "integer", "text"]
    default: Any
    choices: list[str]
    low: float | None
    high: float | None


class FormatInfo(BaseModel):
    """A format of files."""

    name: str = Field(description="the suffix without its dot")
    media_type: str
    content: str
    available: bool = Field(description="whether everything it needs is installed")
    needs: str
    readable: bool = Field(description="whether it can be uploaded")
    options: list[FormatOption]


class Preset(BaseModel):
    """Settings with a name."""

    name: str
    steps: int
    sampler: Sampler


class Limits(BaseModel):
    """Limits per request and per client."""

    seconds: float = Field(default=120.0, description="of a timeline")
    motions: int = Field(default=16, description="num x candidates of one request")
    upload_bytes: int = 32 << 20
    json_bytes: int = 2 << 20
    upload_seconds: float = Field(default=600.0, description="of an uploaded clip")
    queue: int = Field(default=64, description="jobs that wait")
    queue_each: int = Field(default=32, description="queued jobs from one address")
    rate: int = Field(default=120, description="requests per minute from one address that make something")


class Capabilities(BaseModel):
    """What this server can do."""

    version: str
    checkpoint: str
    terms: str = Field(description="licence of the checkpoint's weights")
    fps: float
    shortest: float = Field(description="seconds of one prompt")
    longest: float = Field(description="seconds of one prompt")
    defaults: dict[str, Any] = Field(description="steps, sampler, spacing, strength, reg_scale, cfg_scale")
    samplers: list[str]
    spacings: list[str]
    presets: list[Preset]
    most_steps: int
    joint_names: list[str]
    parents: list[int]
    parts: list[str] = Field(description="of the body, for segments of a timeline")
    constraints: list[str] = Field(description="kinds")
    formats: list[FormatInfo]
    retarget: list[str] = Field(description="suffixes of the characters that a motion can be put on")
    limits: Limits


class Problem(BaseModel):
    """Why a request was denied."""

    error: str = Field(description="one line: what was given, what is allowed, what to do")
