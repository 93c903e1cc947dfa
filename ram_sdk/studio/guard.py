"""`Guard`: checks on every request before it reaches a route, and headers of every response.

A page of another site must not use a server on this machine: names that are not ours in `Host` (DNS
rebinding) and foreign `Origin`s are refused.
"""

import asyncio
import ipaddress
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ram_sdk.studio.refusal import ENDING, Refusal
from ram_sdk.studio.schemas import Limits

_OPEN = 256  # requests at a time, event streams among them
_OPEN_EACH = 64  # of one address
_ADDRESSES = 4096  # that `Rate` remembers
_HOST = re.compile(r"[\w.:\[\]-]+", re.ASCII)  # a name or number with a port, and no user before it
_SAFE = ("GET", "HEAD", "OPTIONS")
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' blob: data:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors "
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """ASGI middleware around the routes."""

    def __init__(
        self, app: ASGIApp, limits: Limits, hosts: Collection[str] = (), frames: Collection[str] = ()
    ) -> None:
        """Guard an application.

        Args:
            app: the routes.
            limits: sizes of bodies.
            hosts: host names of the server, besides localhost and IP addresses.
            frames: origins of pages that may show the studio in a frame.
        """
        self._app = app
        self._limits = limits
        self._hosts = frozenset(host.lower() for host in hosts)
        ancestors = " ".join(frames) or "'none'"
        self._headers = {"Content-Security-Policy": _POLICY + ancestors, **_HEADERS}
        self._open: Counter[str] = Counter()  # requests by address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = False

        async def send_headed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        address = (scope.get("client") or ("",))[0]
        self._open[address] += 1
        try:
            headers = Headers(scope=scope)
            most = self._check(scope["method"], headers, address)
            await self._app(scope, _limited(receive, most), send_headed)
        except Refusal as refusal:
            await _answer(refusal)(scope, receive, send_headed)
        except asyncio.CancelledError:  # on shutdown, no longer wait for a file being written
            if started:
                raise
            await _answer(Refusal(503, ENDING))(scope, receive, send_headed)
        finally:
            self._open[address] -= 1
            self._open += Counter()  # forgets addresses without a request

    def _check(self, method: str, headers: Headers, address: str) -> int:
        """The most bytes that the body may have.

        Raises:
            Refusal: the request must not go further.
        """
        host = headers.get("host", "")
        if not self._is_ours(host):
            raise Refusal(
                421, f"host {host!r}: this server is not called so; start it with --allow-host to be"
            )
        origin = headers.get("origin")
        if method not in _SAFE and origin is not None and urlsplit(origin).netloc != host:
            raise Refusal(403, f"origin {origin!r}: pages of other sites may not use this server")
        if self._open[address] > _OPEN_EACH:
            raise Refusal(429, f"{_OPEN_EACH} requests of yours are open: wait until one is answered", 5)
        if self._open.total() > _OPEN:
            raise Refusal(503, f"{_OPEN} requests are open: try again later", 5)
        uploads = headers.get("content-type", "").startswith("multipart/")
        most = self._limits.upload_bytes if uploads else self._limits.json_bytes
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > most:
            raise _too_large(most)
        return most

    def _is_ours(self, host: str) -> bool:
        if not _HOST.fullmatch(host):
            return False
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name in self._hosts or name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


class Rate:
    """A rate limit per address: a minute's worth at once, then evenly."""

    def __init__(self, per_minute: int) -> None:
        self._most = float(per_minute)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # requests left, and when

    def take(self, address: str) -> None:
        """Count a request.

        Raises:
            Refusal: there were too many.
        """
        now = time.monotonic()
        left, since = self._left.pop(address, (self._most, now))
        left = min(self._most, left + (now - since) * self._most / 60.0)
        allowed = left >= 1.0
        self._left[address] = (left - 1.0 if allowed else left), now
        if len(self._left) > _ADDRESSES:
            self._left.popitem(last=False)
        if not allowed:
            wait = int((1.0 - left) * 60.0 / self._most) + 1
            raise Refusal(429, f"more than {self._most:g} requests a minute: wait {wait} s", wait)


def _limited(receive: Receive, most: int) -> Receive:
    """The body's chunks, up to the limit."""
    seen = 0

    async def receive_some() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise _too_large(most)
        return message

    return receive_some


def _answer(refusal: Refusal) -> JSONResponse:
    return JSONResponse({"error": refusal.detail}, refusal.status_code, headers=refusal.headers)


def _too_large(most: int) -> Refusal:
    return Refusal(413, f"the body has more than {most} bytes: send less")
