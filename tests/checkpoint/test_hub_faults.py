"""A Hub that drops, stalls, loops or lies, and files that lie damaged in its cache."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import loopback_hub
import numpy as np
import pytest

from ram_sdk import CheckpointError, RAMPipeline
from ram_sdk.checkpoint import HubOptions, find

pytestmark = pytest.mark.slow

RUN = {"prompt": "a person jumps", "num_frames": 40, "num_inference_steps": 2, "seed": 1}
WEIGHTS = "denoiser/model.safetensors"
Fault = Callable[[loopback_hub._Handler, bytes, dict[str, str]], None]


def status(code: int) -> Fault:
    return lambda handler, body, headers: handler._send(b"no", code, {})


def instead(change: Callable[[bytes], bytes]) -> Fault:
    """Another body for the file, with its own tag: nothing but the content tells."""

    def fault(handler, body, headers):
        changed = body if handler.command == "HEAD" else change(body)
        handler._send(changed, 200, headers)

    return fault


def drop(handler, body, headers):
    """The connection ends in the middle of the body."""
    handler.send_response(200)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body[: len(body) // 2])
        handler.wfile.flush()
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)


def hang_up(handler, body, headers):
    """No answer, and the connection ends."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def loop(handler, body, headers):
    handler._send(b"", 302, {"Location": handler.path})


def to_a_file(handler, body, headers):
    handler._send(b"", 302, {"Location": "file:///etc/passwd"})


def stall(handler, body, headers):
    time.sleep(6)
    handler.close_connection = True


def stall_in_the_body(handler, body, headers):
    if handler.command == "HEAD":
        handler._send(body, 200, headers)
        return
    handler.send_response(200)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body[:100])
    handler.wfile.flush()
    time.sleep(6)
    handler.close_connection = True


def flip(body: bytes) -> bytes:
    changed = bytearray(body)
    changed[-100] ^= 0x10
    return bytes(changed)


@pytest.fixture
def ill(hub, checkpoint, monkeypatch):
    """Serve the checkpoint as acme/ram, and let one of its files meet a fault a number of times."""
    hub.add("acme/ram", checkpoint)
    faults: dict[str, tuple[Fault, int]] = {}
    original = loopback_hub._Handler._file

    def _file(handler, folder, name):
        fault, times = faults.get(name, (None, 0))
        if fault is None or times == 0:
            return original(handler, folder, name)
        if handler.command == "GET":
            faults[name] = (fault, times - 1)
        body = (folder / name).read_bytes()
        tag = f'"{loopback_hub._oid(folder / name)}"'
        headers = {"ETag": tag, "X-Repo-Commit": loopback_hub.commit_of(folder), "Accept-Ranges": "bytes"}
        return fault(handler, body, headers)

    monkeypatch.setattr(loopback_hub._Handler, "_file", _file)
    return lambda name, fault, times=10**6: faults.update({name: (fault, times)})


HTML = instead(lambda body: b"<!doctype html><html>Captive portal: log in</html>".ljust(len(body)))


@pytest.mark.parametrize(
    ("file", "fault", "message"),
    [
        (WEIGHTS, status(401), "401"),
        (WEIGHTS, status(404), "404"),
        ("model_index.json", status(403), "403"),
        (WEIGHTS, loop, "cannot be downloaded|cannot be reached"),
        (WEIGHTS, to_a_file, "cannot be downloaded|cannot be reached|holds no"),
        (WEIGHTS, HTML, "damaged or not a safetensors file.*fetched twice"),
        (WEIGHTS, instead(bytes.swapcase), "fetched twice"),
        (WEIGHTS, instead(lambda body: bytes(len(body))), "fetched twice"),
        (WEIGHTS, instead(flip), "its sha256 is not the one in the checkpoint's index.*fetched twice"),
        ("denoiser/config.json", HTML, "denoiser/config.json: not valid JSON.*fetched twice"),
        ("model_index.json", HTML, "model_index.json: not valid JSON.*fetched twice"),
        ("text_backbone/tokenizer.json", HTML, "tokenizer.json.*fetched twice"),
    ],
)  # fmt: skip
def test_faults_are_one_line_and_heal(ill, pipeline, tmp_path, file, fault, message):
    cache = tmp_path / "cache"
    ill(file, fault)
    with pytest.raises(CheckpointError, match=message) as caught:
        RAMPipeline.from_pretrained("acme/ram", cache_dir=cache)
    assert "acme/ram" in str(caught.value)
    assert "\n" not in str(caught.value)
    ill(file, fault, 0)
    loaded = RAMPipeline.from_pretrained("acme/ram", cache_dir=cache)
    np.testing.assert_array_equal(loaded(**RUN).motions[0].features, pipeline(**RUN).motions[0].features)


@pytest.mark.parametrize("fault", [HTML, instead(flip), instead(lambda body: bytes(len(body)))])
def test_a_file_that_arrives_damaged_is_fetched_again(ill, pipeline, tmp_path, fault):
    ill(WEIGHTS, fault, 1)
    loaded = RAMPipeline.from_pretrained("acme/ram", cache_dir=tmp_path)
    np.testing.assert_array_equal(loaded(**RUN).motions[0].features, pipeline(**RUN).motions[0].features)


@pytest.mark.parametrize("file", [WEIGHTS, "denoiser/config.json", "text_backbone/model.safetensors"])
def test_a_file_that_is_damaged_in_the_cache_is_fetched_again(hub, checkpoint, tmp_path, file):
    hub.add("acme/ram", checkpoint)
    folder = find("acme/ram", revision=None, variant=None, hub=HubOptions(cache_dir=tmp_path / "cache"))
    blob = (folder / file).resolve()
    whole = blob.read_bytes()
    blob.write_bytes(whole[: len(whole) // 2])
    RAMPipeline.from_pretrained("acme/ram", cache_dir=tmp_path / "cache")
    assert (folder / file).read_bytes() == whole
    (folder / file).resolve().write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match=r"cannot be fetched again .*: delete .*"):
        RAMPipeline.from_pretrained("acme/ram", cache_dir=tmp_path / "cache", local_files_only=True)


@pytest.mark.parametrize("fault", [stall, stall_in_the_body])
def test_a_hub_that_stalls_is_given_up(ill, tmp_path, fault):
    ill(WEIGHTS, fault)
    hub = HubOptions(cache_dir=tmp_path, timeout=1.0)
    with pytest.raises(CheckpointError, match=f"the Hub has sent nothing of {WEIGHTS} for 1 seconds"):
        find("acme/ram", revision=None, variant=None, hub=hub)


@pytest.mark.parametrize("fault", [drop, hang_up])
def test_a_hub_that_drops_is_one_line(ill, tmp_path, fault):
    """The client tries again for longer than the time limit."""
    ill(WEIGHTS, fault)
    hub = HubOptions(cache_dir=tmp_path, timeout=2.0)
    with pytest.raises(CheckpointError, match="'acme/ram'") as caught:
        find("acme/ram", revision=None, variant=None, hub=hub)
    assert "\n" not in str(caught.value)


def test_a_hub_that_drops_is_one_line_on_the_command_line(ill, tmp_path):
    ill(WEIGHTS, drop)
    command = [sys.executable, "-m", "ram_sdk", "info", "acme/ram"]
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_DOWNLOAD_TIMEOUT": "2"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "acme/ram" in done.stderr


def test_a_hub_that_stalls_does_not_keep_the_program(ill, checkpoint, tmp_path):
    """The thread that was given up does not hold up the end of the process."""
    code = (
        "import sys, time\n"
        "from ram_sdk.checkpoint.hub import _unless_silent\n"
        "try:\n    _unless_silent(lambda: time.sleep(3600), lambda: 0, 0.2)\n"
        "except TimeoutError:\n    sys.exit(7)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, timeout=300).returncode == 7


def test_only_files_that_are_known_are_fetched(hub, checkpoint, tmp_path):
    """Whatever else a repository holds, such as Python files, pickles and a million of others."""
    (checkpoint / "evil.py").write_text("raise SystemExit")
    (checkpoint / "denoiser" / "pytorch_model.bin").write_bytes(b"pickle")
    (checkpoint / "text_backbone" / "evil.py").write_text("raise SystemExit")
    hub.add("acme/ram", checkpoint)
    folder = find("acme/ram", revision=None, variant=None, hub=HubOptions(cache_dir=tmp_path / "cache"))
    fetched = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert "text_backbone/tokenizer.json" in fetched
    assert not any(name.endswith((".py", ".bin")) for name in fetched)


def test_a_cache_serves_while_the_hub_is_away(hub, checkpoint, pipeline, tmp_path):
    hub.add("acme/ram", checkpoint)
    RAMPipeline.from_pretrained("acme/ram", cache_dir=tmp_path / "cache")
    hub.repositories.clear()
    loaded = RAMPipeline.from_pretrained("acme/ram", cache_dir=tmp_path / "cache", local_files_only=True)
    np.testing.assert_array_equal(loaded(**RUN).motions[0].features, pipeline(**RUN).motions[0].features)


def test_a_repository_without_an_index(hub, checkpoint, tmp_path):
    (checkpoint / "model_index.json").unlink()
    hub.add("acme/other", checkpoint)
    with pytest.raises(CheckpointError, match=r"'acme/other' has no model_index\.json on the Hub"):
        RAMPipeline.from_pretrained("acme/other", cache_dir=tmp_path / "cache")


def test_the_card_of_a_hub_checkpoint_goes_with_its_weights(hub, checkpoint, tmp_path):
    (checkpoint / "README.md").write_text(
        "---\nlicense: cc-by-4.0\n---\n# Mine\n\n## Credits\n\n- Ann Mover\n"
    )
    hub.add("acme/ram", checkpoint)
    loaded = RAMPipeline.from_pretrained("acme/ram", cache_dir=tmp_path / "cache")
    loaded.save_pretrained(tmp_path / "mine")
    card = (tmp_path / "mine" / "README.md").read_text()
    assert "license: cc-by-4.0" in card
    assert "- Ann Mover" in card
    shutil.rmtree(tmp_path / "mine")
    assert json.loads((checkpoint / "model_index.json").read_text())["_sha256"]
