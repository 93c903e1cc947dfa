"""`ram-sdk studio`: the browser front end and the HTTP API, from one process."""

import argparse
import ipaddress
import socket
import webbrowser

from ram_sdk import formats
from ram_sdk.cli import console
from ram_sdk.shipped import DEFAULT, SHIPPED

_EXAMPLES = """
ram-sdk studio --open                      # for yourself
ram-sdk studio --host 0.0.0.0 --port 8000  # for everyone who reaches this machine
ram-sdk studio --host 0.0.0.0 --allow-host ram.example.org --proxy 10.0.0.2
"""
_NOTES = """
There are no passwords: put a server that others reach behind a proxy that has both passwords and TLS.
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(
        commands, "studio", "make motions in the browser, or over HTTP", _EXAMPLES, _NOTES
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "checkpoint",
        nargs="?",
        default=DEFAULT,
        help=f"{', '.join(SHIPPED)}, a folder or a Hub repository (default: {DEFAULT})",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one (default: 8000)")
    parser.add_argument("--open", action="store_true", help="open the browser")
    parser.add_argument(
        "--device", default="auto", help="cpu, cuda, cuda:1, mps ...; default: auto, the GPU if there is one"
    )
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME",
        help="a host name of this server, besides localhost and IP addresses; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--embed-in", action="append", default=[], metavar="ORIGIN",
        help="pages that may show the studio in a frame, such as https://example.org; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--proxy", metavar="ADDRESS", help="a proxy whose X-Forwarded-For names the client, for rate limits"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted; returns the exit code."""
    try:
        import python_multipart  # noqa: F401
        import uvicorn

        from ram_sdk.studio.app import create_app
        from ram_sdk.studio.serving import Server
    except ImportError as error:
        raise formats.MissingPackageError.because(
            error, f"the studio needs {error.name}", "studio"
        ) from error
    from ram_sdk.devices import available_device
    from ram_sdk.pipeline import RAMPipeline

    with _listening(arguments.host, arguments.port) as listener:
        device = available_device(arguments.device, "--device")
        pipeline = RAMPipeline.from_pretrained(arguments.checkpoint, device=device)
        pipeline.set_progress_bar_config(disable=True)
        app = create_app(pipeline, hosts=arguments.allow_host, frames=arguments.embed_in)
        config = uvicorn.Config(
            app,
            log_level="warning",
            server_header=False,
            proxy_headers=arguments.proxy is not None,
            forwarded_allow_ips=arguments.proxy,
            timeout_graceful_shutdown=2,
        )
        url = _url(arguments.host, listener.getsockname()[1])
        console.say(f"studio at {url}  ({_reach(arguments.host)}; Ctrl+C ends it)")
        if arguments.open:
            webbrowser.open(url)
        Server(config).run(sockets=[listener])
    return 0


def _listening(host: str, port: int) -> socket.socket:
    """A socket bound to that address, before anything is loaded.

    Raises:
        OSError: it is taken, or not one of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise OSError(f"cannot listen on {host} port {port} ({error}): choose another --port") from error


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reach(host: str) -> str:
    if _is_local(host):
        return "only this machine reaches it, --host 0.0.0.0 opens it to others"
    return "everyone who reaches this machine can use it"


def _url(host: str, port: int) -> str:
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}/"
