"""Time to the studio server's first motion, and time and memory under many concurrent clients."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from training.machine import describe

_PROMPT = "a person walks in a circle"
_SECONDS = 8  # of each motion


def measure(checkpoint: str, clients: int, steps: int | None) -> None:
    """Start a server, send requests, and print a table.

    Args:
        checkpoint: that the server loads.
        clients: number of concurrent requests, each with its own seed.
        steps: denoising steps of each request; None: the checkpoint's.
    """
    command = [sys.executable, "-m", "ram_sdk", "studio", checkpoint, "--port", "0"]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[2].rstrip("/")
            _row("start to listening, s", _cost(server.pid, start, 0.0))
            before, start = _cpu(server.pid), time.perf_counter()
            _request(address, {"prompt": _PROMPT, "duration": _SECONDS, "seed": 1})
            _row("first motion as GLB, s", _cost(server.pid, start, before))
            print(f"| peak memory so far, MB | {_memory(server.pid)} |")
            before, start = _cpu(server.pid), time.perf_counter()
            bodies = [{"prompt": _PROMPT, "duration": _SECONDS, "seed": seed} for seed in range(clients)]
            if steps is not None:
                bodies = [{**body, "steps": steps} for body in bodies]
            with ThreadPoolExecutor(clients) as pool:
                responses = Counter(pool.map(lambda body: _request(address, body), bodies))
            _row(f"{clients} concurrent clients, s", _cost(server.pid, start, before))
            print(f"| responses by status | {dict(responses)} |")
            print(f"| peak memory, MB | {_memory(server.pid)} |")
        finally:
            server.terminate()
    for name, value in describe("cpu").items():
        print(f"| {name} | {value} |")


def _request(address: str, body: dict[str, Any]) -> int:
    """Request a GLB file, check that it is one, and return the status."""
    request = urllib.request.Request(
        f"{address}/generate?format=glb", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=3600) as response:
            assert response.read(4) == b"glTF"
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def _row(label: str, cost: tuple[float, float]) -> None:
    print(f"| {label} | {cost[0]:.2f} ({cost[1]:.2f} of CPU) |", flush=True)


def _cost(process: int, start: float, before: float) -> tuple[float, float]:
    return time.perf_counter() - start, _cpu(process) - before


def _cpu(process: int) -> float:
    """CPU time that a process has used, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(process: int) -> int:
    """Peak memory of a process, MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1000
