"""Fine-tune the checkpoint on three moves that it has never seen, and compare them before and after.

Run from a clone (`pip install -e ".[training]"`); it takes about two minutes on one core. Without
rehearsal of other prompts, as here, the LoRA knows the three moves and nothing else: see "Rehearsal" in
docs/how-to/fine-tune.md. For the source of the clips see `moves/README.md`.
"""

from pathlib import Path

import numpy as np

from ram_sdk import Motion, RAMPipeline
from training import CONFIGS
from training.config import load_config
from training.data.captioned import read_captioned
from training.evaluation.prompt_checks.sheets import sheet
from training.finetune import finetune

TABLE = Path(__file__).parent / "moves" / "captions.csv"
CONFIG = load_config(CONFIGS / "finetune-lora.yaml", ["max_steps=400"])

pipe = RAMPipeline.from_pretrained()
clips = read_captioned(TABLE, pipe.normalizer.config, pipe.text_backbone)


def show(name: str) -> None:
    """Generate each move, save a sheet of poses, and print the mean joint distance to the clip."""
    prompts, lengths = [clip.captions[0] for clip in clips], [len(clip.features) for clip in clips]
    motions = pipe(prompts, lengths, seed=0).motions
    sheet(motions).save(f"{name}.png")
    for motion, clip in zip(motions, clips, strict=True):
        distance = np.linalg.norm(motion.joints - Motion.from_features(clip.features).joints, axis=-1).mean()
        print(f"{name}: {motion.prompt}: {100 * distance:.0f} cm from the clip")


show("before")
finetune(pipe, TABLE, Path("moves-lora"), CONFIG, rank=16, prompts=[])
pipe.load_lora("moves-lora")
show("after")
