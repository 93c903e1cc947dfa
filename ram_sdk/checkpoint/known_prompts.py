"""`known_prompts.json` of a pipeline folder: the actions that a checkpoint knows, with example sentences.

    {"actions": [{"name": "walk", "examples": ["a person walks forward"]}]}

The file may be missing: older checkpoints, and those of others, do not list what they know.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ram_sdk.checkpoint.configs import read_json, write_json
from ram_sdk.checkpoint.errors import CheckpointError

KNOWN_PROMPTS = "known_prompts.json"


@dataclass(frozen=True)
class KnownAction:
    """Something that a checkpoint was taught.

    Attributes:
        name: a word or two.
        examples: prompts that ask for it.
    """

    name: str
    examples: tuple[str, ...]


def read_known_prompts(folder: Path) -> list[KnownAction] | None:
    """The actions that a checkpoint knows; None if its folder does not say.

    Raises:
        CheckpointError: the file is damaged or of another kind.
    """
    if not (folder / KNOWN_PROMPTS).is_file():
        return None
    actions = read_json(folder / KNOWN_PROMPTS).get("actions")
    if not isinstance(actions, list):
        raise CheckpointError(
            f'{KNOWN_PROMPTS}: expected {{"actions": [{{"name": ..., "examples": [...]}}]}}'
        )
    return [_action(entry) for entry in actions]


def keep_known_prompts(source: Path | None, folder: Path) -> None:
    """Write what the checkpoint that a pipeline came from knows beside its weights in another folder."""
    if source is not None and (source / KNOWN_PROMPTS).is_file() and source != folder:
        write_json(folder / KNOWN_PROMPTS, read_json(source / KNOWN_PROMPTS))


def _action(entry: Any) -> KnownAction:
    name, examples = (entry.get("name"), entry.get("examples")) if isinstance(entry, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(examples, list):
        raise CheckpointError(f"{KNOWN_PROMPTS}: {entry!r} is no action with a name and a list of examples")
    if not all(isinstance(example, str) for example in examples):
        raise CheckpointError(f"{KNOWN_PROMPTS}: the examples of {name!r} are not texts")
    return KnownAction(name, tuple(examples))
