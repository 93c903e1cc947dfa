"""Which devices networks can run on here."""

import torch


def available_device(device: str | torch.device) -> torch.device:
    """The device that a caller names, if it is there.

    Args:
        device: such as "cpu", "cuda", "cuda:1" or "mps".

    Raises:
        ValueError: this torch or this machine does not have it; the message says what there is.
    """
    there = ["cpu"]
    current = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if current is not None:
        numbered = [f"{current.type}:{i}" for i in range(torch.accelerator.device_count())]
        there += [current.type, *numbered]
    try:
        wanted = torch.device(device)
    except (RuntimeError, TypeError):
        wanted = None
    if wanted is None or str(wanted) not in (*there, "cpu:0"):
        raise ValueError(f"device {str(device)!r}: this torch on this machine has {', '.join(there)}")
    return wanted
