"""A motion being made in a thread, so that Blender's window does not freeze."""

import threading
from dataclasses import dataclass
from typing import Any

from .server import Cancelled, Server, ServerError


@dataclass(frozen=True)
class Made:
    """What came back.

    Attributes:
        motion: what the server knows of it.
        glb: a body with it, or the character that was sent.
    """

    motion: dict[str, Any]
    glb: bytes


class Task(threading.Thread):
    """One request from its start to its file; touches nothing of Blender.

    Attributes:
        status: how it stands.
        made: the result, once it is there.
        error: why there is none.
    """

    def __init__(self, server: Server, request: dict[str, Any], character: bytes | None, fps: float) -> None:
        """Prepare the request.

        Args:
            server: makes the motion.
            request: body of `POST /generate`.
            character: GLB that the motion is put on; None: a new body.
            fps: frames a second of a new body's motion.
        """
        super().__init__(daemon=True)
        self.status = "asks"
        self.made: Made | None = None
        self.error = ""
        self._server = server
        self._request = request
        self._character = character
        self._fps = fps
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End it soon."""
        self._cancelled.set()

    def run(self) -> None:
        """Make the motion."""
        try:
            motion = self._server.generate(self._request, self._cancelled, self._tell)
            self.status = "fetches"
            if self._character is None:
                glb = self._server.glb(motion["id"], self._fps)
            else:
                glb = self._server.retarget(motion["id"], self._character)
            if self._cancelled.is_set():
                raise Cancelled
            self.made = Made(motion, glb)
        except Cancelled:
            self.error = "cancelled"
        except ServerError as error:
            self.error = str(error)
        except Exception as error:  # a thread's traceback would reach nobody
            self.error = f"the server's answer cannot be used: {error!r}"

    def _tell(self, status: str) -> None:
        self.status = status
