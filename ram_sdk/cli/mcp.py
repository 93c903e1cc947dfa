"""`ram-sdk mcp`: tools for programs that speak the Model Context Protocol, over standard input and output."""

import argparse
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from ram_sdk import formats
from ram_sdk.cli import console
from ram_sdk.shipped import DEFAULT, SHIPPED

if TYPE_CHECKING:
    from mcp.server import MCPServer
    from pydantic import ValidationError

    from ram_sdk.pipeline import RAMPipeline

_EXAMPLES = """
ram-sdk mcp --folder motions
"""
_NOTES = """
For the configuration of a client:
  {"mcpServers": {"ram": {"command": "ram-sdk", "args": ["mcp", "--folder", "/home/me/motions"]}}}
"""
_INSTRUCTIONS = "Text to human motion: make, convert and find motion files."
P = ParamSpec("P")
R = TypeVar("R")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(commands, "mcp", "offer tools to programs over MCP", _EXAMPLES, _NOTES)
    parser.set_defaults(run=run)
    parser.add_argument(
        "--folder", type=Path, default=Path(), metavar="DIR",
        help="where the tools read and write, and nowhere else (default: this one)",
    )  # fmt: skip
    parser.add_argument(
        "--checkpoint",
        default=DEFAULT,
        help=f"{', '.join(SHIPPED)}, a folder or a Hub repository (default: {DEFAULT})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Answer until the client leaves; returns the exit code."""
    if not arguments.folder.is_dir():
        raise NotADirectoryError(f"--folder {str(arguments.folder)!r} is not a folder")
    build(arguments.folder.resolve(), arguments.checkpoint).run("stdio")
    return 0


def build(root: Path, checkpoint: str) -> "MCPServer":
    """The server, whose tools read and write in one folder; the checkpoint is loaded when first needed."""
    try:
        from mcp.server import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
        from pydantic import ValidationError
    except ImportError as error:
        raise formats.MissingPackageError.because(error, "MCP needs the package mcp", "mcp") from error

    class Server(MCPServer):
        async def call_tool(self, name: str, *arguments: Any, **options: Any) -> Any:
            try:
                return await super().call_tool(name, *arguments, **options)
            except ToolError as error:
                if isinstance(error.__cause__, ValidationError):
                    raise ToolError(f"{name}: {_wrong(error.__cause__)}") from error
                raise

    server = Server("ram_sdk", instructions=_INSTRUCTIONS, log_level="WARNING")

    @cache
    def pipeline() -> "RAMPipeline":
        from ram_sdk.pipeline import RAMPipeline

        loaded = RAMPipeline.from_pretrained(checkpoint)
        loaded.set_progress_bar_config(disable=True)
        return loaded

    @server.tool()
    @_told
    def generate(
        prompt: str, output: str, duration: float | None = None, seed: int | None = None, candidates: int = 1
    ) -> dict[str, Any]:
        """Make a motion of a person from a text such as "a person walks in a circle" and write it to a file.

        `output` is a new file in the tools' folder whose suffix is the format: .glb (skinned, animated body),
        .bvh, .npz, .json, .html (player), .usd, .gif, .mp4 and others. `duration` is in seconds, by default
        estimated from the text; `seed` repeats a result; each motion is the best of that many `candidates`.
        """
        place = _new(root, output)
        made = pipeline()(prompt, duration=duration, seed=seed, num_candidates=candidates).motions[0]
        made.save(place)
        about = {"seconds": made.duration, "frames": len(made), "seed": made.settings["seed"]}
        return {"file": output, **about, "checkpoint": made.settings["checkpoint"]}

    @server.tool()
    @_told
    def convert(source: str, output: str) -> dict[str, Any]:
        """Convert a motion file (.bvh, .npz, .npy, .json and others) to the format of a new file's suffix."""
        from ram_sdk.motion import Motion

        place = _new(root, output)
        motion = Motion.load(_inside(root, source))
        motion.save(place)
        return {"file": output, "seconds": motion.duration, "frames": len(motion), "fps": motion.fps}

    @server.tool()
    @_told
    def search(text: str, folder: str = ".", top: int = 5) -> list[dict[str, Any]]:
        """Find the motion files of a folder, and of those inside it, that fit a text best."""
        from ram_sdk.search import MotionIndex

        index = MotionIndex.build(pipeline(), _inside(root, folder), within=root)
        return [
            {
                "file": match.path.relative_to(root).as_posix(),
                "start": match.start,
                "end": match.end,
                "similarity": match.similarity,
            }
            for match in pipeline().search(text, index, top)
        ]

    return server


def _wrong(error: "ValidationError") -> str:
    """Arguments that a tool cannot take, in one line."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc']))} {'is missing' if one['type'] == 'missing' else one['msg']}"
        for one in error.errors()
    )


def _told(tool: Callable[P, R]) -> Callable[P, R]:
    """A tool whose refusals reach the client as they are."""
    from mcp.server.mcpserver.exceptions import ToolError

    @wraps(tool)
    def called(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return tool(*arguments, **options)
        except (ValueError, TypeError, OSError, formats.MissingPackageError) as error:
            raise ToolError(" ".join(str(error).split())) from error

    return called


def _inside(root: Path, name: str) -> Path:
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"{name!r} lies outside the tools' folder: give a path inside it")
    return path


def _new(root: Path, name: str) -> Path:
    path = _inside(root, name)
    if path.exists():
        raise ValueError(f"{name!r} is there already: give the name of a new file")
    return formats.check_writable(path)
