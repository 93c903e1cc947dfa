"""A real browser, driven over the DevTools protocol through a pipe: no driver or package is needed."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.requirements import skip_without

_TRAMPOLINE = "import os, sys; os.dup2({0}, 3); os.dup2({1}, 4); os.execv(sys.argv[1], sys.argv[1:])"
_PATIENCE = 60  # seconds until something that should happen counts as broken


class Pipe:
    """Commands to the browser, its replies, and the events that it sends between them."""

    def __init__(self, commands: int, replies: int) -> None:
        self._commands, self._replies = commands, os.fdopen(replies, "rb")
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, parameters: dict[str, Any], session: dict[str, str]) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **session}
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            reply = json.loads(self._read())
            if reply.get("id") == self._number:
                assert "error" not in reply, reply
                return reply["result"]
            self.events.append(reply)

    def _read(self) -> bytes:
        parts = []
        while (byte := self._replies.read1(1)) not in (b"\0", b""):
            parts.append(byte)
        assert byte, "the browser has gone"
        return b"".join(parts)


class Browser:
    """One open page."""

    def __init__(self, pipe: Pipe, downloads: Path) -> None:
        self._pipe, self.downloads = pipe, downloads
        self._session: dict[str, str] = {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))

    def tab(self) -> "Browser":
        """Another page of the same browser."""
        return Browser(self._pipe, self.downloads)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._pipe.call(method, parameters, self._session)

    def events(self, method: str) -> list[dict[str, Any]]:
        """What the page has told of one kind; "Network.enable" and the like must have been called before."""
        own = self._session["sessionId"]
        heard = [one for one in self._pipe.events if one.get("sessionId") == own]
        return [one["params"] for one in heard if one["method"] == method]

    def evaluate(self, expression: str) -> Any:
        reply = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in reply, reply["exceptionDetails"]
        return reply["result"].get("value")

    def open(self, place: Path | str) -> None:
        """Open a file or an address."""
        self.call("Page.navigate", url=place if isinstance(place, str) else place.as_uri())
        wait_until(lambda: self.evaluate("document.readyState") == "complete")

    def fill(self, element: str, text: str) -> None:
        """Type a text into the field that a JavaScript expression gives, in place of what is there."""
        self.evaluate(f"(e => {{ e.focus(); e.select(); }})({element})")
        self.call("Input.insertText", text=text)

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key of the keyboard."""
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def choose_file(self, selector: str, path: Path) -> None:
        """Give a file to an input that a CSS selector names."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def click(self, element: str) -> None:
        """Click, with the mouse, the middle of the visible element that a JavaScript expression gives."""
        box = self.evaluate(
            f"(e => (r => [r.x + r.width / 2, r.y + r.height / 2])(e.getBoundingClientRect()))({element})"
        )
        self.drag([box])

    def drag(self, places: Sequence[Sequence[float]]) -> None:
        """Press the mouse at the first place, pixels, and release it at the last."""
        kinds = ["mousePressed", *["mouseMoved"] * (len(places) - 1), "mouseReleased"]
        for kind, (x, y) in zip(kinds, [*places, places[-1]], strict=True):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def screenshot(self, path: Path) -> Path:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
        return path


def wait_until(condition: Callable[[], bool], seconds: float = _PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


@contextmanager
def open_browser(folder: Path, width: int = 900, height: int = 700) -> Iterator[Browser]:
    """A headless browser that keeps its files, and what is downloaded, in `folder`."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        skip_without("needs Chromium or Chrome")
    pipes = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (*os.pipe(), *os.pipe())]
    command = [
        program, "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--hide-scrollbars",
        "--use-angle=swiftshader", "--enable-unsafe-swiftshader", f"--window-size={width},{height}",
        f"--user-data-dir={folder / 'profile'}",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", _TRAMPOLINE.format(pipes[0], pipes[3]), *command],
        pass_fds=(pipes[0], pipes[3]),
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Browser(Pipe(pipes[1], pipes[2]), folder)
    finally:
        process.terminate()
        process.wait(30)
