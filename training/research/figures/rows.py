"""Motions of several checkpoints or settings for the same prompts."""

from collections.abc import Sequence

from ram_sdk import Motion
from training.evaluation.protocol import Row


def generate(
    rows: Sequence[Row],
    prompts: Sequence[str],
    seconds: Sequence[float] | None,
    seed: int,
    device: str = "cpu",
) -> list[list[Motion]]:
    """Generate a motion of each row for each prompt, with the same noise and lengths for all rows.

    Args:
        rows: what is compared.
        prompts: what the person does.
        seconds: length of each prompt's motions; None: estimated from the text by the first row.
        seed: of every motion.
        device: of the networks.

    Returns:
        For each row its motions, prompt by prompt.

    Raises:
        ValueError: two rows have the same name.
    """
    if len({row.name for row in rows}) < len(rows):
        raise ValueError(f"rows {', '.join(row.name for row in rows)}: give each one a different name")
    made: list[list[Motion]] = []
    for row in rows:
        motions = row.load(device)(
            list(prompts),
            duration=seconds,
            seed=seed,
        ).motions
        seconds = [motion.duration for motion in motions]
        made.append(motions)
    return made
