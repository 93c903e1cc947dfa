"""Which devices networks can run on here."""

import torch

AUTO = "auto"


def devices_here() -> list[str]:
    """The devices that torch finds on this machine; the last is the one that "auto" uses.

    Such as ["cpu"], ["cpu", "mps"], or ["cpu", "cuda:0", "cuda:1", "cuda"].
    """
    current = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if current is None:
        return ["cpu"]
    numbered = [f"{current.type}:{i}" for i in range(torch.accelerator.device_count())]
    return ["cpu", *numbered, current.type]


def available_device(device: str | torch.device, name: str = "device") -> torch.device:
    """The device that a caller names, if it is available.

    Args:
        device: such as "cpu", "cuda", "cuda:1" or "mps"; "auto" is CUDA, MPS or another accelerator where
            there is one, else the CPU.
        name: of the argument, for messages.

    Raises:
        ValueError: this torch or this machine does not have it; the message lists those available.
    """
    here = devices_here()
    if device == AUTO:
        return torch.device(here[-1])
    try:
        wanted = torch.device(device)
    except (RuntimeError, TypeError):
        wanted = None
    if wanted is None or str(wanted) not in (*here, "cpu:0"):
        raise ValueError(
            f"{name} {str(device)!r}: this machine has {', '.join(here)} (with the torch installed)"
        )
    return wanted
