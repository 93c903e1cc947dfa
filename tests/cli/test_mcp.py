"""`ram-sdk mcp`, asked by the official client over standard input and output."""

import asyncio
import sys

import numpy as np
import pytest
import simple_motions
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from ram_sdk import Motion
from ram_sdk.checkpoint import add_component
from ram_sdk.cli import main
from ram_sdk.models import Matcher, MatcherConfig

JUMP = {"prompt": "a person jumps", "duration": 2}


@pytest.mark.slow
def test_tools_make_convert_and_find(checkpoint, tmp_path):
    add_component(checkpoint, "matcher", Matcher(MatcherConfig(5.0, 0.0)))
    folder = tmp_path / "motions"
    folder.mkdir()
    Motion(simple_motions.walking(60).astype(np.float32), 20).save(folder / "walk.bvh")
    command = ["-m", "ram_sdk", "mcp", "--folder", str(folder), "--checkpoint", str(checkpoint)]
    server = StdioServerParameters(command=sys.executable, args=command)

    async def ask():
        async with Client(stdio_client(server)) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            told = {
                name: await client.call_tool(tool, arguments)
                for name, tool, arguments in (
                    ("made", "generate", {**JUMP, "output": "a/jump.npz", "seed": 1}),
                    ("converted", "convert", {"source": "walk.bvh", "output": "walk.glb"}),
                    ("found", "search", {"text": "a person walks"}),
                    ("again", "convert", {"source": "walk.bvh", "output": "walk.glb"}),
                    ("outside", "convert", {"source": "../../etc/passwd", "output": "x.glb"}),
                    ("unknown", "generate", {**JUMP, "output": "jump.exe"}),
                    ("short", "generate", {"output": "jump.npz"}),
                    ("wrong", "generate", {**JUMP, "output": "jump.npz", "seed": "x"}),
                )
            }  # fmt: skip
        return tools, told

    tools, told = asyncio.run(ask())
    assert set(tools) == {"generate", "convert", "search"}
    assert "seed" in tools["generate"].input_schema["properties"]
    assert told["made"].structured_content["seed"] == 1
    assert len(Motion.load(folder / "a" / "jump.npz")) == 40
    assert (folder / "walk.glb").read_bytes()[:4] == b"glTF"
    found = told["found"].structured_content["result"]
    assert {one["file"] for one in found} == {"walk.bvh", "a/jump.npz"}
    assert told["short"].content[0].text == "generate: prompt is missing"
    assert told["wrong"].content[0].text.startswith("generate: seed Input should be a valid integer")
    for name, word in (("again", "there already"), ("outside", "outside"), ("unknown", "use one of")):
        assert told[name].is_error
        assert word in told[name].content[0].text


def test_a_folder_that_is_none(tmp_path, capsys):
    assert main(["mcp", "--folder", str(tmp_path / "nothing")]) == 2
    assert "is not a folder" in capsys.readouterr().err
