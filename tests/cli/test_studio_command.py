"""`ram-sdk studio`: where it listens, what it says, how it ends."""

import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from ram_sdk.cli import main


def heed_interrupts() -> None:
    """As in a terminal; shells let their background jobs ignore them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_it_says_where_it_is_and_ends_when_interrupted(checkpoint):
    command = [sys.executable, "-m", "ram_sdk", "studio", str(checkpoint), "--port", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, preexec_fn=heed_interrupts, **pipes) as server:
        said = server.stdout.readline()
        assert "only this machine reaches it" in said
        address = said.split()[2]
        with urllib.request.urlopen(f"{address}capabilities", timeout=60) as answer:
            assert b'"Loop"' in answer.read()
        with urllib.request.urlopen(address, timeout=60) as page:
            assert b"<html" in page.read()
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 130
        assert "Traceback" not in server.stderr.read()


def test_a_port_that_is_taken(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["studio", "--port", str(taken.getsockname()[1])]) == 2
    assert "choose another --port" in capsys.readouterr().err


def test_an_address_of_another_machine(capsys):
    assert main(["studio", "--host", "192.0.2.1"]) == 2
    assert "cannot listen at 192.0.2.1" in capsys.readouterr().err
