"""`ram-sdk studio`: where it listens, what it says, how it ends."""

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ram_sdk.cli import main


def heed_interrupts() -> None:
    """As in a terminal; shells let their background jobs ignore them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def studio(checkpoint: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and the first line that it says."""
    command = [sys.executable, "-m", "ram_sdk", "studio", str(checkpoint), "--port", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, preexec_fn=heed_interrupts, **pipes) as server:
        try:
            yield server, server.stdout.readline()
        finally:
            server.kill()


@pytest.mark.slow
def test_it_says_where_it_is_and_ends_when_interrupted(checkpoint):
    with studio(checkpoint) as (server, said):
        assert "only this machine reaches it" in said
        address = said.split()[2]
        with urllib.request.urlopen(f"{address}capabilities", timeout=60) as answer:
            assert b'"Loop"' in answer.read()
        with urllib.request.urlopen(address, timeout=60) as page:
            assert b"<html" in page.read()
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 130
        assert "Traceback" not in server.stderr.read()


@pytest.mark.slow
def test_who_waits_for_a_motion_is_told_that_the_server_ends(checkpoint):
    walk = {"prompt": "a person walks", "duration": 9.8, "steps": 50}
    with studio(checkpoint) as (server, said), httpx.Client(base_url=said.split()[2], timeout=60) as client:

        def ask() -> httpx.Response:
            return client.post("generate", params={"format": "npz"}, json=walk)

        with ThreadPoolExecutor(24) as threads:
            asked = [threads.submit(ask) for _ in range(24)]
            next(as_completed(asked)).result()
            server.send_signal(signal.SIGTERM)
            answers = [one.result() for one in asked]
        assert server.wait(60) == 143
        told = server.stderr.read()
    refused = [one for one in answers if one.status_code != 200]
    assert len(refused) > 1
    assert {one.status_code for one in refused} == {503}
    assert {one.json()["error"] for one in refused} == {
        "the server is shutting down: try again when it is back"
    }
    assert "Traceback" not in told


def test_a_port_that_is_taken(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["studio", "--port", str(taken.getsockname()[1])]) == 2
    assert "choose another --port" in capsys.readouterr().err


def test_an_address_of_another_machine(capsys):
    assert main(["studio", "--host", "192.0.2.1"]) == 2
    assert "cannot listen on 192.0.2.1" in capsys.readouterr().err
