"""A real server on the loopback, with a real client: uvicorn in a thread."""

import contextlib
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import uvicorn
from fastapi import FastAPI

from ram_sdk import RAMPipeline


@contextlib.contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an application; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
        listener.close()


@contextlib.contextmanager
def unhurried(pipeline: RAMPipeline, seconds: float = 0.2) -> Iterator[None]:
    """Each step of a tiny pipeline takes time, as a user's does, until the block is left."""
    left = threading.Event()

    def wait(*_: object) -> None:
        left.wait(seconds)

    hook = pipeline.denoiser.register_forward_pre_hook(wait)
    try:
        yield
    finally:
        left.set()
        hook.remove()


def made(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for a job and wait for its end; gives the job."""
    asked = client.post(path, json=body)
    assert asked.status_code == 202, asked.text
    return events(client, asked.json()["id"])[-1][1]


def events(client: httpx.Client, job: str) -> list[tuple[str, Any]]:
    """What a job's stream says until its end."""
    told = []
    with client.stream("GET", f"/jobs/{job}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("event: "):
                told.append((line[7:], None))
            elif line.startswith("data: "):
                told[-1] = told[-1][0], json.loads(line[6:])
    return told


def joints_of(client: httpx.Client, motion: str) -> np.ndarray:
    """The joints of a motion that the server holds."""
    return np.load(io.BytesIO(client.get(f"/motions/{motion}.npy").content), allow_pickle=False)
