"""Generation in a thread, so that Blender's window does not freeze."""

import threading
from dataclasses import dataclass
from typing import Any

from .server import Cancelled, Server, ServerError


@dataclass(frozen=True)
class Made:
    """The result of a task.

    Attributes:
        motion: the server's description of the motion.
        glb: a new body or the exported character, with the motion.
    """

    motion: dict[str, Any]
    glb: bytes


class Task(threading.Thread):
    """One request, from the prompt to the file; does not use Blender's data.

    Attributes:
        status: for display.
        made: the result, when it is done.
        error: why it failed.
    """

    def __init__(self, server: Server, request: dict[str, Any], character: bytes | None, fps: float) -> None:
        """Prepare the request.

        Args:
            server: generates the motion.
            request: body of `POST /generate`.
            character: GLB that the motion is put on; None: a new body.
            fps: frame rate of a new body's motion.
        """
        super().__init__(daemon=True)
        self.status = "connecting"
        self.made: Made | None = None
        self.error = ""
        self._server = server
        self._request = request
        self._character = character
        self._fps = fps
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Stop as soon as possible."""
        self._cancelled.set()

    def run(self) -> None:
        """Generate the motion and download its file."""
        try:
            motion = self._server.generate(self._request, self._cancelled, self._set_status)
            self.status = "downloading"
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
        except Exception as error:  # nobody would see a thread's traceback
            self.error = f"the server's response cannot be used: {error!r}"

    def _set_status(self, status: str) -> None:
        self.status = status
