"""`Server`: uvicorn, which answers whoever waits before it ends."""

import socket

import uvicorn


class Server(uvicorn.Server):
    """Serves `create_app`; when it is told to end, jobs end first, so that each client hears of it."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cancel what waits and runs, then let uvicorn wait for the answers."""
        self.config.app.state.studio.work.close()  # type: ignore[union-attr]
        await super().shutdown(sockets)
