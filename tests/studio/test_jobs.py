"""Jobs while they wait and run: events, cancelling, and what a crowd gets."""

import concurrent.futures
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from ram_sdk.motion import Motion
from ram_sdk.studio.app import create_app
from ram_sdk.studio.schemas import Limits, Recipe
from ram_sdk.studio.work import Work
from tests.studio.serving import events, joints_of, made, serving, unhurried

GOLDEN = Path(__file__).resolve().parents[1] / "fixtures" / "golden_motions" / "open-small.npy"
WALK = {"prompt": "a person walks", "duration": 2, "steps": 2}
LONG = {"timeline": {"segments": [{"prompt": "a person walks", "start": 0, "end": 110}]}, "steps": 50}


def started(client: httpx.Client) -> str:
    """A job that runs already, for long where nothing hurries it."""
    job = client.post("/compose", json=LONG).json()["id"]
    deadline = time.monotonic() + 60
    while client.get(f"/jobs/{job}").json()["step"] == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return job


def test_events_from_the_queue_to_the_motion(client, pipeline):
    with unhurried(pipeline), concurrent.futures.ThreadPoolExecutor() as pool:
        busy = started(client)
        job = client.post("/generate", json={**WALK, "steps": 20}).json()
        assert (job["state"], job["position"]) == ("queued", 0)
        listening = pool.submit(events, client, job["id"])
        time.sleep(0.3)
        client.delete(f"/jobs/{busy}")
        told = listening.result(60)
    names = [name for name, _ in told]
    assert names[0] == "queued"
    assert names[-1] == "done"
    assert names.count("estimate") >= 1
    assert told[0][1] == {"position": 0}
    estimate = next(data for name, data in told if name == "estimate")
    assert np.array(estimate["joints"]).shape == (32, 22, 3)
    assert (estimate["seconds"], estimate["steps"]) == (2.0, 20)
    assert [name for name, _ in events(client, job["id"])] == ["done"]  # a late listener
    assert told[-1][1] == client.get(f"/jobs/{job['id']}").json()


def test_cancelling_what_runs_and_what_waits(client, pipeline):
    with unhurried(pipeline):
        busy = started(client)
        waiting = client.post("/generate", json=WALK).json()["id"]
        assert client.delete(f"/jobs/{waiting}").json()["state"] == "cancelled"
        assert client.delete(f"/jobs/{busy}").json()["state"] == "cancelled"
    assert events(client, busy)[-1][0] == "cancelled"
    done = made(client, "/generate", WALK)
    assert client.delete(f"/jobs/{done['id']}").json()["state"] == "done"
    assert client.get(f"/jobs/{busy}").json()["motions"] == []


def test_what_has_ended_takes_little_and_is_counted(pipeline):
    app = create_app(pipeline)
    with serving(app) as address, httpx.Client(base_url=address, timeout=60) as client:
        job = made(client, "/generate", {**WALK, "steps": 8})
        work = app.state.studio.work
        ended = work.find(job["id"])
        assert ended.estimate is None
        with pytest.raises(AssertionError):  # what it was made from is let go
            ended.plan.make(lambda *_: None)
        (motion,) = job["motions"]
        large = Recipe(path="/generate", body={"constraints": "x" * (65 << 20)})
        kept = work.keep(work.motion(motion["id"]), large)
        assert client.get(f"/motions/{motion['id']}").status_code == 404
        assert work.motion(kept.id) is not None


@pytest.mark.parametrize("made_by", [{"prompt": "x" * (65 << 20)}, {"settings": {"a": "x" * (65 << 20)}}])
def test_all_that_is_kept_of_a_motion_counts(pipeline, made_by):
    work = Work(pipeline, Limits())
    joints = np.load(GOLDEN)
    first, second = (work.keep(Motion(joints, **some)) for some in ({}, made_by))
    assert work.motions.get(first.id) is None
    assert work.motions.get(second.id) is not None


def test_a_client_that_hangs_up_cancels_what_it_waits_for(address, client, pipeline):
    with unhurried(pipeline, 1):
        with httpx.Client(base_url=address, timeout=0.5) as hasty, pytest.raises(httpx.TimeoutException):
            hasty.post("/compose?format=bvh", json=LONG)
        start = time.monotonic()
        made(client, "/generate", WALK)
        assert time.monotonic() - start < 30  # the long job alone would take 50 s


@pytest.mark.slow
def test_fifty_clients_at_once_each_get_their_own_motion(pipeline):
    def ask(number: int) -> tuple[np.ndarray, int]:
        transport = httpx.HTTPTransport(local_address=f"127.0.0.{2 + number}")
        with httpx.Client(base_url=address, timeout=120, transport=transport) as client:
            body = {"prompt": prompts[number % 3], "duration": 2 + number % 4, "seed": number, "steps": 2}
            job = made(client, "/generate", body)
            return joints_of(client, job["motions"][0]["id"]), job["request"]["seed"]

    prompts = ("a person walks", "someone jumps", "the man waves with his left hand")
    with serving(create_app(pipeline)) as address, concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(ask, range(50)))
    for number, (joints, seed) in enumerate(answers):
        options = {"duration": 2 + number % 4, "seed": number, "num_inference_steps": 2}
        direct = pipeline(prompts[number % 3], **options).motions[0]
        assert seed == number
        np.testing.assert_array_equal(joints, direct.joints)


def test_too_much_is_refused_clearly_and_the_rest_is_done(pipeline):
    def ask(number: int) -> httpx.Response:
        transport = httpx.HTTPTransport(local_address=f"127.0.0.{2 + number % 10}")
        with httpx.Client(base_url=address, timeout=120, transport=transport) as one:
            return one.post("/generate", json={**WALK, "seed": number})

    limits = Limits(queue=6, queue_each=2, rate=4)
    with serving(create_app(pipeline, limits)) as address, httpx.Client(base_url=address) as client:
        with unhurried(pipeline), concurrent.futures.ThreadPoolExecutor(50) as pool:
            busy = started(client)
            answers = list(pool.map(ask, range(50)))
            client.delete(f"/jobs/{busy}")
        accepted = [answer for answer in answers if answer.status_code == 202]
        refused = [answer for answer in answers if answer.status_code != 202]
        assert len(accepted) == 6
        assert {answer.status_code for answer in refused} <= {429, 503}
        for answer in refused:
            assert int(answer.headers["retry-after"]) >= 1
            assert "wait" in answer.json()["error"]
        for answer in accepted:
            with httpx.Client(base_url=address, timeout=60) as listener:
                assert events(listener, answer.json()["id"])[-1][0] == "done"
