"""What a checkpoint makes of plain prompts: pictures for its card, and how often it does what was asked."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ram_sdk import Motion, RAMPipeline
from training.open_data.attributes import Attributes, measure

_STRIP_WIDTH = 1200  # pixels
SAMPLE_SECONDS = 4.0

Check = Callable[[Attributes], bool]
CHECKS: dict[str, tuple[str, Check]] = {
    "a person walks forward": (
        "0.4-1.9 m/s, mostly forward",
        lambda a: 0.4 < a.speed < 1.9 and a.forward > 0.7 * a.distance,
    ),
    "a person runs forward": (
        "above 1.9 m/s, mostly forward",
        lambda a: a.speed > 1.9 and a.forward > 0.7 * a.distance,
    ),
    "a person walks backward": ("moves backward by 0.5 m", lambda a: a.forward < -0.5),
    "a person turns left while walking": ("turns left by 45 degrees", lambda a: a.turn > 45),
    "a person turns right while walking": ("turns right by 45 degrees", lambda a: a.turn < -45),
    "a person jumps": ("both feet leave the floor in a leap", lambda a: a.jumps > 0),
    "a person waves with the right hand": (
        "only the right hand is raised, and sweeps",
        lambda a: a.right_hand.waves > 0 and a.left_hand.above_shoulder < 0,
    ),
    "a person waves with the left hand": (
        "only the left hand is raised, and sweeps",
        lambda a: a.left_hand.waves > 0 and a.right_hand.above_shoulder < 0,
    ),
    "a person raises both hands": (
        "both wrists rise above the head",
        lambda a: a.left_hand.above_head > 0 and a.right_hand.above_head > 0,
    ),
    "a person kicks with the right leg": (
        "the right ankle swings above the left knee",
        lambda a: a.right_foot.kicks > 0,
    ),
    "a person punches": (
        "a wrist faster than 3 m/s, on the spot",
        lambda a: max(a.left_hand.peak_speed, a.right_hand.peak_speed) > 3 and a.speed < 1,
    ),
    "a person bows": ("the trunk bends by 30 degrees, on the spot", lambda a: a.bend > 30 and a.speed < 0.5),
    "a person sits down": ("the pelvis ends below 0.7 m", lambda a: a.end_height < 0.7),
}  # fmt: skip
_PICTURED = tuple(prompt for prompt in CHECKS if "left hand" not in prompt and "turns right" not in prompt)


def sheet(motions: Sequence[Motion]) -> Image.Image:
    """The motions' strips of poses, one below the other."""
    strips = []
    with tempfile.TemporaryDirectory() as folder:
        for motion in motions:
            with Image.open(motion.save(Path(folder) / "strip.png")) as picture:
                height = round(picture.height * _STRIP_WIDTH / picture.width)
                strips.append(picture.resize((_STRIP_WIDTH, height), Image.Resampling.LANCZOS))
    page = Image.new("RGB", (_STRIP_WIDTH, sum(strip.height for strip in strips)), "white")
    top = 0
    for strip in strips:
        page.paste(strip, (0, top))
        top += strip.height
    return page


def sample_sheet(pipeline: RAMPipeline) -> Image.Image:
    """One motion (seed 0) of each pictured prompt."""
    return sheet(pipeline(_PICTURED, duration=SAMPLE_SECONDS, seed=0).motions)


def table(measured: dict[str, list[Attributes]]) -> str:
    """Markdown: for each prompt the share of its own motions, and of all others, that pass its check."""
    lines = ["| prompt | check | own motions | motions of other prompts |", "|---|---|---|---|"]
    shares = []
    for prompt, (meaning, check) in CHECKS.items():
        own = np.mean([check(a) for a in measured[prompt]])
        others = np.mean([check(a) for p, group in measured.items() if p != prompt for a in group])
        shares.append(own)
        lines.append(f"| {prompt} | {meaning} | {own:.0%} | {others:.0%} |")
    lines.append(f"| mean | | {np.mean(shares):.0%} | |")
    return "\n".join(lines) + "\n"


def check_samples(
    pipeline: RAMPipeline,
    out: Path,
    seeds: int,
    seed: int = 0,
    reg_scale: float | None = None,
    cfg_scale: float | None = None,
) -> str:
    """Check motions of each prompt; write `samples.md`, and a strip of poses for each into `sheet.png`.

    Args:
        pipeline: what is checked.
        out: folder of the results; made if it is missing.
        seeds: motions of each prompt.
        seed: of the first.
        reg_scale: guidance; None: the checkpoint's.
        cfg_scale: likewise.

    Returns:
        The table: for each prompt the share of its motions that pass its check of measured geometry
        (`training.open_data.attributes`), beside that of the motions made for *other* prompts, which is what
        chance and a lax check would give.
    """
    out.mkdir(parents=True, exist_ok=True)
    motions = pipeline(
        list(CHECKS),
        duration=SAMPLE_SECONDS,
        seed=seed,
        num_motions_per_prompt=seeds,
        reg_scale=reg_scale,
        cfg_scale=cfg_scale,
    ).motions
    by_prompt = {prompt: [m for m in motions if m.prompt == prompt] for prompt in CHECKS}
    text = table({prompt: [measure(m.joints) for m in group] for prompt, group in by_prompt.items()})
    (out / "samples.md").write_text(text, encoding="utf-8")
    sheet([by_prompt[prompt][0] for prompt in _PICTURED]).save(out / "sheet.png", optimize=True)
    return text
