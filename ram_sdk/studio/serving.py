"""`Server`: uvicorn, which answers waiting clients before it shuts down."""

import socket

import uvicorn


class Server(uvicorn.Server):
    """Serves `create_app`; on shutdown, jobs are cancelled first, so that each client gets a response."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cancel queued and running jobs, then let uvicorn wait for the responses."""
        self.config.app.state.studio.work.close()  # type: ignore[union-attr]
        await super().shutdown(sockets)
