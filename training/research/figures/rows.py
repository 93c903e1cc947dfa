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
    """A motion of each row for each prompt: the same noise and the same lengths for all rows.

    Args:
        rows: what is compared.
        prompts: what the person does.
        seconds: length of each prompt's motions; None: what the first row estimates from the text.
        seed: of every motion.
        device: where they are generated.

    Returns:
        For each row its motions, prompt by prompt.

    Raises:
        ValueError: two rows of one name.
    """
    if len({row.name for row in rows}) < len(rows):
        raise ValueError(f"rows {', '.join(row.name for row in rows)}: give each a name of its own")
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
