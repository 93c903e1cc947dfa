"""`ram-sdk doctor`: what is installed here, what is missing, and the command that fixes it."""

import argparse
import platform
import re
import shutil
from collections.abc import Iterator
from importlib import metadata

import ram_sdk
from ram_sdk.cli import console
from ram_sdk.shipped import DEFAULT, SHIPPED

_SHOWN = ("torch", "transformers", "numpy", "huggingface_hub", "safetensors")
_PROGRAMS = {"ffmpeg": ".mp4, unless the extra film is there", "blender": ".fbx, unless bpy is there"}
_DEVELOPMENT = "dev"
_EXAMPLES = """
ram-sdk doctor
ram-sdk doctor --json
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(commands, "doctor", "say what is installed here and what is missing", _EXAMPLES)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; returns the exit code, 2 where motions cannot be made."""
    sound = True
    for name, found, remedy in _findings():
        state = "missing" if found is None else found
        console.say(
            f"{name:22} {state}" + (f"  -> {remedy}" if remedy else ""),
            {"name": name, "found": found, "remedy": remedy or None},
        )
        sound = sound and (found is not None or not name.startswith("checkpoint"))
    return 0 if sound else 2


def _findings() -> Iterator[tuple[str, str | None, str]]:
    """Name, what was found (None: nothing), and the fix, if one is needed."""
    yield "ram_sdk", f"{ram_sdk.__version__} on Python {platform.python_version()}, {platform.platform()}", ""
    for package in _SHOWN:
        found = _version(package)
        yield package, found, "" if found else "pip install --force-reinstall ram_sdk"
    yield "devices", *_devices()
    for checkpoint in SHIPPED:
        yield f"checkpoint {checkpoint}", *_checkpoint(checkpoint)
    if DEFAULT not in SHIPPED:
        yield f"checkpoint {DEFAULT}", None, "pip install --force-reinstall ram_sdk"
    for extra, missing in _extras().items():
        remedy = f'pip install "ram_sdk[{extra}]"' if missing else ""
        yield f"extra {extra}", None if missing else "installed", remedy
    for program, use in _PROGRAMS.items():
        yield (
            f"program {program}",
            shutil.which(program),
            "" if shutil.which(program) else f"needed for {use}",
        )


def _devices() -> tuple[str, str]:
    import torch

    from ram_sdk.devices import devices_here

    here = devices_here()
    cuda_build = torch.version.cuda is not None
    remedy = "torch was built for CUDA, which finds no GPU here" if cuda_build and len(here) == 1 else ""
    return f"{', '.join(here)}; auto takes {here[-1]}", remedy


def _checkpoint(name: str) -> tuple[str | None, str]:
    """Loads the whole checkpoint, so that its checksums are compared."""
    from ram_sdk.pipeline import RAMPipeline

    try:
        pipeline = RAMPipeline.from_pretrained(name)
    except (ValueError, OSError) as error:
        return None, f"pip install --force-reinstall ram_sdk ({error})"
    return f"sound; {pipeline.licence}", ""


def _extras() -> dict[str, list[str]]:
    """For each extra for users, the packages of it that are missing."""
    extras: dict[str, list[str]] = {}
    for line in metadata.requires("ram_sdk") or []:
        match = re.match(r"([\w.-]+).*extra == [\"']([\w-]+)[\"']", line)
        if match and match[2] != _DEVELOPMENT:
            missing = extras.setdefault(match[2], [])
            if _version(match[1]) is None:
                missing.append(match[1])
    return extras


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
