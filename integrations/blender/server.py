"""Requests of the add-on to a studio server, over HTTP."""

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

_TIMEOUT = 60.0  # seconds for a response
_POLL = 0.2  # seconds between checks of a job


class ServerError(Exception):
    """A request failed; the message is one line."""


class Cancelled(Exception):
    """The user cancelled the request."""


class Server:
    """A server by its address, such as http://127.0.0.1:8000."""

    def __init__(self, address: str) -> None:
        """Check the address.

        Raises:
            ServerError: it is not a valid address.
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
        self, request: dict[str, Any], cancelled: threading.Event, on_status: Callable[[str], None]
    ) -> dict[str, Any]:
        """Generate a motion.

        Args:
            request: body of `POST /generate`.
            cancelled: stops the job when set.
            on_status: called with the status of the job.

        Returns:
            The server's description of the motion: id, seed and other settings, duration.

        Raises:
            ServerError: generation failed.
            Cancelled: `cancelled` was set.
        """
        job = self._json("POST", "/generate", json.dumps(request).encode(), "application/json")
        while job["state"] in ("queued", "running"):
            on_status(f"queued, {job['position']} ahead" if job["state"] == "queued" else _step(job))
            if cancelled.wait(_POLL):
                self._json("DELETE", f"/jobs/{job['id']}")
                raise Cancelled
            job = self._json("GET", f"/jobs/{job['id']}")
        if job["state"] != "done":
            raise ServerError(job["error"] or "the server cancelled the job")
        return job["motions"][0]

    def glb(self, motion: str, fps: float) -> bytes:
        """A body with that motion, as GLB.

        Raises:
            ServerError: the server cannot send it.
        """
        return self._request("GET", f"/motions/{motion}.glb?fps={fps:g}")

    def retarget(self, motion: str, character: bytes) -> bytes:
        """A motion on a character, GLB to GLB.

        Raises:
            ServerError: the motion cannot be put on the character.
        """
        boundary = secrets.token_hex(16)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="'
        body = (
            f'{head}motion"\r\n\r\n{motion}\r\n{head}character"; filename="rig.glb"\r\n'
            "Content-Type: model/gltf-binary\r\n\r\n"
        ).encode() + character
        body += f"\r\n--{boundary}--\r\n".encode()
        return self._request("POST", "/retarget", body, f"multipart/form-data; boundary={boundary}")

    def _json(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> dict[str, Any]:
        content = self._request(method, path, body, kind)
        try:
            return json.loads(content)
        except ValueError:
            raise self._not_a_studio() from None

    def _request(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        headers = {"Content-Type": kind} if kind else {}
        request = urllib.request.Request(self.address + path, body, headers, method=method)
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as response:
                return response.read()
        except urllib.error.HTTPError as error:
            raise self._refusal(error) from None
        except (OSError, http.client.HTTPException) as error:
            reason = " ".join(str(getattr(error, "reason", error)).split())
            raise ServerError(
                f"no server responds at {self.address} ({reason}): start it with `ram-sdk studio`"
            ) from None

    def _refusal(self, error: urllib.error.HTTPError) -> ServerError:
        try:
            return ServerError(" ".join(str(json.load(error)["error"]).split()))
        except (ValueError, LookupError, TypeError, OSError):
            return self._not_a_studio()

    def _not_a_studio(self) -> ServerError:
        return ServerError(f"{self.address} is not a `ram-sdk studio`: use the address that it prints")


def _step(job: dict[str, Any]) -> str:
    return f"step {job['step']} of {job['steps']}"
