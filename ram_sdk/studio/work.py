"""`Work`: the queue, and the one thread that runs its jobs on the pipeline.

A motion in a batch differs from the same motion alone by rounding, so each job has the pipeline to itself:
results do not depend on other clients.
"""

import asyncio
import dataclasses
import secrets
import sys
import threading
import traceback
from collections import deque
from collections.abc import AsyncIterator, Sequence

import numpy as np
import torch

from ram_sdk.motion import Motion
from ram_sdk.notices import collected
from ram_sdk.pipeline import RAMPipeline, StepCallback, StepInfo
from ram_sdk.studio import schemas
from ram_sdk.studio.files import floor_of
from ram_sdk.studio.plans import Plan
from ram_sdk.studio.refusal import ENDING, Refusal, one_line
from ram_sdk.studio.schemas import Estimate, Limits, MotionInfo, Queued, Recipe
from ram_sdk.studio.store import Store

_KEPT_MOTIONS = 256 << 20  # bytes, some hundred motions
_KEPT_JOBS = 64 << 20
_ESTIMATE_FRAMES = 32
_ENDED = ("done", "failed", "cancelled")


class Cancelled(Exception):
    """Stops the sampling of a cancelled job."""


class Job:
    """A plan in progress. The worker updates it; the event loop reads it and waits.

    Attributes:
        changed: set at the next change; take it before looking, so that no change is missed.
    """

    def __init__(self, plan: Plan, address: str) -> None:
        self.id = new_id()
        self.plan = plan
        self.address = address
        self.state = "queued"
        self.step = 0
        self.error: str | None = None
        self.invalid = False  # whether it failed because of the request
        self.motions: list[MotionInfo] = []
        self.estimate: Estimate | None = None
        self.listeners = 0
        self._loop = asyncio.get_running_loop()
        self.changed = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.state in _ENDED

    def touch(self) -> None:
        """Wake those who wait for a change; any thread may call it."""
        self._loop.call_soon_threadsafe(self._wake)

    async def end(self) -> None:
        """Wait until it is done, failed or cancelled."""
        while not self.ended:
            await self.changed.wait()

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Work:
    """Jobs that wait, run and have ended, and the motions that came of them.

    Attributes:
        limits: of the queue.
        motions: what the server holds, by id: motion and description.
    """

    def __init__(self, pipeline: RAMPipeline, limits: Limits) -> None:
        self.limits = limits
        self.motions: Store[tuple[Motion, MotionInfo]] = Store(_KEPT_MOTIONS)
        self._pipeline = pipeline
        self._ended: Store[Job] = Store(_KEPT_JOBS)
        self._active: dict[str, Job] = {}
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="studio worker", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def close(self) -> None:
        """Cancel everything and accept nothing more: the server is shutting down."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        for job in list(self._active.values()):
            self.cancel(job, ENDING)

    def stop(self) -> None:
        """Close, and wait for the thread to end."""
        self.close()
        self._thread.join()

    def submit(self, plan: Plan, address: str) -> Job:
        """Put work at the end of the queue.

        Raises:
            Refusal: the queue is full, or the server is shutting down.
        """
        job = Job(plan, address)
        with self._changed:
            if self._closed:
                raise Refusal(503, ENDING)
            if len(self._waiting) >= self.limits.queue:
                raise Refusal(503, f"{self.limits.queue} jobs wait already: try again later", 10)
            if sum(other.address == address for other in self._waiting) >= self.limits.queue_each:
                raise Refusal(
                    429, f"{self.limits.queue_each} jobs of yours wait already: wait until one is done", 10
                )
            self._waiting.append(job)
            self._active[job.id] = job
            self._changed.notify()
        return job

    def cancel(self, job: Job, why: str | None = None) -> None:
        """Stop a job before its next step, saying why; one that has ended stays as it is."""
        with self._changed:
            if job.ended:
                return
            if job in self._waiting:
                self._waiting.remove(job)
                self._finish(job)
            job.error, job.state = why, "cancelled"
        self._tell_waiting(job)

    def find(self, job_id: str) -> Job:
        """The job of that id.

        Raises:
            Refusal: there is none.
        """
        job = self._active.get(job_id) or self._ended.get(job_id)
        if job is None:
            raise Refusal(404, f"job {job_id[:40]!r}: there is none, or it is no longer kept")
        return job

    def motion(self, motion_id: str) -> Motion:
        """The motion of that id.

        Raises:
            Refusal: there is none.
        """
        return self.described(motion_id)[0]

    def described(self, motion_id: str) -> tuple[Motion, MotionInfo]:
        """The motion of that id and its description.

        Raises:
            Refusal: there is none.
        """
        found = self.motions.get(motion_id)
        if found is None:
            raise Refusal(404, f"motion {motion_id[:40]!r}: there is none, or it is no longer kept")
        return found

    def keep(self, motion: Motion, recipe: Recipe | None = None, warnings: Sequence[str] = ()) -> MotionInfo:
        """Store a motion under a new id, with the warnings from making or reading it."""
        info = MotionInfo(
            id=new_id(),
            prompt=motion.prompt,
            fps=motion.fps,
            frames=len(motion),
            duration=motion.duration,
            floor=floor_of(motion),
            settings=dict(motion.settings),
            recipe=recipe,
            warnings=list(map(one_line, warnings)),
        )
        features = motion.generated_features
        size = motion.joints.nbytes + (0 if features is None else features.nbytes)
        size += sum(map(_size, (motion.prompt, motion.settings, recipe and recipe.body, info.warnings)))
        self.motions.put(info.id, (motion, info), size)
        return info

    def answer(self, job: Job) -> schemas.Job:
        """A job as clients see it."""
        return schemas.Job.model_validate(
            {
                "id": job.id,
                "kind": job.plan.kind,
                "state": job.state,
                "position": self._position(job),
                "step": job.step,
                "steps": job.plan.steps,
                "error": job.error,
                "request": job.plan.request,
                "motions": job.motions,
            }
        )

    async def events(self, job: Job) -> AsyncIterator[tuple[str, Queued | Estimate | schemas.Job]]:
        """Names and data of a job's events until it ends."""
        job.listeners += 1
        try:
            told: Queued | Estimate | None = None
            while not job.ended:
                changed = job.changed
                now: Queued | Estimate | None = job.estimate
                if now is None and (position := self._position(job)) is not None:
                    now = Queued(position=position)
                if now is not None and now != told:
                    told = now
                    yield ("queued" if isinstance(now, Queued) else "estimate"), now
                await changed.wait()
            yield job.state, self.answer(job)
        finally:
            job.listeners -= 1

    def _position(self, job: Job) -> int | None:
        with self._changed:
            return self._waiting.index(job) if job in self._waiting else None

    def _tell_waiting(self, *more: Job) -> None:
        with self._changed:
            waiting = list(self._waiting)
        for job in (*waiting, *more):
            job.touch()

    def _finish(self, job: Job) -> None:
        """Count a job among those that have ended, without the motions that it was made from."""
        job.plan = dataclasses.replace(job.plan, make=_ended)
        job.estimate = None
        self._ended.put(job.id, job, _size(job.plan.request) + _size(job.motions))
        self._active.pop(job.id, None)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                job = self._waiting.popleft()
                job.state = "running"
            self._tell_waiting(job)
            self._run(job)
            self._finish(job)
            job.touch()

    def _run(self, job: Job) -> None:
        """Run a job; no error ends the thread."""

        def look(pipeline: RAMPipeline, info: StepInfo) -> None:
            if job.state == "cancelled":
                raise Cancelled
            job.step = info.index + 1
            if job.listeners:
                job.estimate = _estimate(pipeline, info, job)
            job.touch()

        motions: list[MotionInfo] = []
        try:
            with collected() as notes:
                made = job.plan.make(look)
            recipes = [
                Recipe.model_validate({"path": f"/{job.plan.kind}", "body": job.plan.request_of(i)})
                for i in range(len(made))
            ]
            motions = [self.keep(motion, recipe, notes) for motion, recipe in zip(made, recipes, strict=True)]
            ended = "done"
        except Cancelled:
            ended = "cancelled"
        except ValueError as error:
            job.error, job.invalid, ended = one_line(error), True, "failed"
        except Exception:
            traceback.print_exc(file=sys.stderr)
            job.error, ended = "something went wrong in the server: its log says what", "failed"
        with self._changed:
            if job.state == "running":
                job.motions, job.state = motions, ended


def _ended(callback: StepCallback) -> list[Motion]:
    """The plan of a job that has ended."""
    raise AssertionError("a job is made once")


def _size(value: object) -> int:
    """Approximate bytes of texts and numbers in lists and objects."""
    return 4 * len(repr(value)) + 1024


def new_id() -> str:
    """An unguessable id."""
    return secrets.token_urlsafe(12)


def _estimate(pipeline: RAMPipeline, info: StepInfo, job: Job) -> Estimate:
    """The first motion of a batch after a step."""
    estimate = info.estimate[:1]
    frames = estimate.shape[1]
    (features,) = pipeline.decode(estimate, [frames])
    joints = Motion.from_features(features.numpy()).joints
    some = torch.linspace(0, frames - 1, min(frames, _ESTIMATE_FRAMES)).round().long().numpy()
    return Estimate.model_construct(
        step=job.step,
        steps=job.plan.steps,
        seconds=frames / pipeline.normalizer.config.fps,
        joints=np.round(joints[some].astype(np.float64), 3).tolist(),
    )
