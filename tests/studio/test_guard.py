"""Who may ask, and for how much."""

import asyncio
import json
import threading
from types import SimpleNamespace

import httpx
import pytest
from starlette.responses import JSONResponse

from ram_sdk.studio.app import Studio
from ram_sdk.studio.guard import Guard, Rate
from ram_sdk.studio.plans import Plan
from ram_sdk.studio.refusal import Refusal
from ram_sdk.studio.schemas import Limits
from ram_sdk.studio.store import Store
from ram_sdk.studio.work import Work


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "",
        "[",
        "localhost@evil.example:80",
        "evil.example@127.0.0.1",
        "evil.example@localhost:80",
        "localhost/evil.example",
        "127.0.0.1?evil.example",
        "evillocalhost",
    ],
)
def test_names_that_are_not_ours_are_refused(client, host):
    answer = client.get("/capabilities", headers={"host": host})
    assert answer.status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8000", "10.1.2.3:80", "RAM.example.org"])
def test_our_names_and_numbers_are_not(client, host):
    assert client.get("/capabilities", headers={"host": host}).status_code == 200


def test_pages_of_other_sites_are_refused(client, address):
    body = {"prompt": "a person walks", "duration": 2, "steps": 1}
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
        assert client.post("/generate", json=body, headers={"origin": origin}).status_code == 403
    assert client.post("/generate", json=body, headers={"origin": address}).status_code == 202
    plain = {"content-type": "text/plain"}  # what a foreign form can send
    assert client.post("/generate", content='{"prompt": "a person walks"}', headers=plain).status_code == 422


def test_large_bodies_are_refused(client):
    headers = {"content-type": "application/json"}
    announced = client.post("/generate", content=b" " * (3 << 20), headers=headers)
    assert announced.status_code == 413
    assert "more than 2097152 bytes" in announced.json()["error"]

    def parts():
        for _ in range(48):
            yield b" " * (1 << 16)

    assert client.post("/generate", content=parts(), headers=headers).status_code == 413
    try:
        sent = client.post("/motions", files={"file": ("a.bvh", b" " * (33 << 20))}).status_code
    except httpx.WriteError:  # refused before it was sent
        sent = 413
    assert sent == 413


def test_headers_keep_the_page_to_itself(client):
    for path in ("/capabilities", "/nothing/here"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_rate_is_counted_for_each_address(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("ram_sdk.studio.guard.time", SimpleNamespace(monotonic=lambda: now[0]))
    rate = Rate(per_minute=2)
    rate.take("a")
    rate.take("a")
    with pytest.raises(Refusal, match="wait 31 s") as refused:
        rate.take("a")
    assert (refused.value.status_code, refused.value.headers) == (429, {"Retry-After": "31"})
    rate.take("b")
    now[0] = 31.0
    rate.take("a")


def test_a_store_forgets_what_was_unused_for_longest():
    store = Store[str](limit=10)
    for name in "abc":
        store.put(name, name.upper(), 4)
    assert [store.get(name) for name in "abc"] == [None, "B", "C"]
    store.get("b")
    store.put("d", "D", 4)
    assert [store.get(name) for name in "bcd"] == ["B", None, "D"]
    store.put("huge", "H", 100)
    assert (len(store), store.get("huge")) == (1, "H")


def test_one_address_cannot_shut_the_others_out():
    """Requests stay open until `leave`; each answers with its status."""

    async def ask(guard, address, leave):
        answers = []

        async def app(scope, receive, send):
            await leave.wait()
            await JSONResponse({})(scope, receive, send)

        async def send(message):
            answers.append(message)

        guard._app = app
        scope = {
            "type": "http",
            "method": "GET",
            "headers": [(b"host", b"localhost")],
            "client": (address, 1),
        }
        await guard(scope, None, send)
        return answers[0]["status"]

    async def statuses():
        guard, leave = Guard(JSONResponse({}), Limits()), asyncio.Event()
        asked = [f"10.0.0.{i // 64}" for i in range(256)]
        tasks = [asyncio.create_task(ask(guard, address, leave)) for address in asked]
        await asyncio.sleep(0)
        refused = [await ask(guard, address, leave) for address in ("10.0.0.0", "10.0.0.9")]
        leave.set()
        answered = await asyncio.gather(*tasks)
        return answered, refused, await ask(guard, "10.0.0.0", leave)

    answered, refused, after = asyncio.run(statuses())
    assert set(answered) == {200}
    assert refused == [429, 503]
    assert after == 200


def test_what_the_server_cancels_as_it_ends_is_answered():
    async def ended():
        answers = []

        async def waits(scope, receive, send):
            await asyncio.Event().wait()

        async def send(message):
            answers.append(message)

        scope = {"type": "http", "method": "GET", "headers": [(b"host", b"localhost")], "client": ("::1", 1)}
        task = asyncio.create_task(Guard(waits, Limits())(scope, None, send))
        await asyncio.sleep(0)
        task.cancel()
        await task
        return answers

    start, body = asyncio.run(ended())
    assert start["status"] == 503
    assert json.loads(body["body"]) == {"error": "the server is shutting down: try again when it is back"}


def test_an_address_may_have_only_some_jobs_waiting(pipeline):
    async def ask():
        work = Work(pipeline, Limits(queue=10, queue_each=2))  # not started: everything waits
        plan = Plan("generate", {}, 1, lambda step: [])
        for address in ("here", "here", "there"):
            work.submit(plan, address)
        with pytest.raises(Refusal, match="2 jobs of yours wait already"):
            work.submit(plan, "here")
        work.submit(plan, "there")

    asyncio.run(ask())


def test_only_some_files_may_wait_for_a_thread(pipeline):
    """Two are written and 64 wait; one more is refused."""

    async def ask():
        studio, leave = Studio(pipeline, Limits()), threading.Event()
        tasks = [asyncio.create_task(studio.aside(leave.wait)) for _ in range(66)]
        await asyncio.sleep(0.1)
        further = asyncio.create_task(studio.aside(int))
        await asyncio.sleep(0.1)
        leave.set()
        assert all(await asyncio.gather(*tasks))
        with pytest.raises(Refusal, match="64 files wait"):
            await further

    asyncio.run(ask())
