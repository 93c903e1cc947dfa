"""What the add-on asks of a studio server, over HTTP."""

import http.client
import ipaddress
import json
import secrets
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

_WAIT = 60.0  # seconds for an answer
_BETWEEN = 0.2  # seconds between looks at a job


class ServerError(Exception):
    """Why there is no motion, in one line."""


class Cancelled(Exception):
    """The user wants no motion any more."""


class Server:
    """A server by its address, such as http://127.0.0.1:8000."""

    def __init__(self, address: str) -> None:
        """Take a server's address.

        Raises:
            ServerError: it is none.
        """
        self.address = address.strip().rstrip("/")
        try:
            parts = urlsplit(self.address)
            self.host = parts.hostname or ""
        except ValueError:
            self.host = ""
        if not self.host or parts.scheme not in ("http", "https"):
            raise ServerError(f"server {address!r}: expected an address such as http://127.0.0.1:8000")
        self._opener = urllib.request.build_opener(
            *([urllib.request.ProxyHandler({})] if self.is_here else [])
        )

    @property
    def is_here(self) -> bool:
        """Whether it runs on this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost" or self.host.endswith(".localhost")

    def generate(
        self, request: dict[str, Any], cancelled: threading.Event, told: Callable[[str], None]
    ) -> dict[str, Any]:
        """Make a motion.

        Args:
            request: body of `POST /generate`.
            cancelled: ends the work.
            told: called with how it stands.

        Returns:
            What the server knows of the motion: id, seed and other settings, duration.

        Raises:
            ServerError: it was not made.
            Cancelled: so it was.
        """
        job = self._json("POST", "/generate", json.dumps(request).encode(), "application/json")
        while job["state"] in ("queued", "running"):
            told(f"waits for {job['position']}" if job["state"] == "queued" else _step(job))
            if cancelled.wait(_BETWEEN):
                self._json("DELETE", f"/jobs/{job['id']}")
                raise Cancelled
            job = self._json("GET", f"/jobs/{job['id']}")
        if job["state"] != "done":
            raise ServerError(job["error"] or "the server cancelled the work")
        return job["motions"][0]

    def glb(self, motion: str, fps: float) -> bytes:
        """A body with that motion, as GLB.

        Raises:
            ServerError: there is none.
        """
        return self._ask("GET", f"/motions/{motion}.glb?fps={fps:g}")

    def retarget(self, motion: str, character: bytes) -> bytes:
        """A motion on a character, GLB to GLB.

        Raises:
            ServerError: it cannot be put on it.
        """
        border = secrets.token_hex(16)
        head = f'--{border}\r\nContent-Disposition: form-data; name="'
        body = (
            f'{head}motion"\r\n\r\n{motion}\r\n{head}character"; filename="rig.glb"\r\n'
            "Content-Type: model/gltf-binary\r\n\r\n"
        ).encode() + character
        body += f"\r\n--{border}--\r\n".encode()
        return self._ask("POST", "/retarget", body, f"multipart/form-data; boundary={border}")

    def _json(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> dict[str, Any]:
        answer = self._ask(method, path, body, kind)
        try:
            return json.loads(answer)
        except ValueError:
            raise self._foreign() from None

    def _ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        headers = {"Content-Type": kind} if kind else {}
        request = urllib.request.Request(self.address + path, body, headers, method=method)
        try:
            with self._opener.open(request, timeout=_WAIT) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise self._refusal(error) from None
        except (OSError, http.client.HTTPException) as error:
            reason = " ".join(str(getattr(error, "reason", error)).split())
            raise ServerError(
                f"no server answers at {self.address} ({reason}): start it with `ram-sdk studio`"
            ) from None

    def _refusal(self, error: urllib.error.HTTPError) -> ServerError:
        try:
            return ServerError(" ".join(str(json.load(error)["error"]).split()))
        except (ValueError, LookupError, TypeError, OSError):
            return self._foreign()

    def _foreign(self) -> ServerError:
        return ServerError(f"{self.address} is no `ram-sdk studio`: give the address that it prints")


def _step(job: dict[str, Any]) -> str:
    return f"step {job['step']} of {job['steps']}"
