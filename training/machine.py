"""The machine that something was measured on."""

import datetime
import platform
from pathlib import Path

import torch


def describe(device: str | torch.device) -> dict[str, str]:
    """The machine, the version of torch, and today's date."""
    if torch.device(device).type == "cuda":
        name = torch.cuda.get_device_name(device)
    else:
        name = f"{_cpu()}, {torch.get_num_threads()} thread(s)"
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return {"machine": name, "torch": torch.__version__, "date": today}


def _cpu() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
