"""A golden motion of each shipped checkpoint: what its files and all code from text to joints give together.

After a checkpoint has been replaced on purpose, renew the stored motions and look at what changed:

    python -m tests.models.test_golden_motions
"""

from pathlib import Path

import numpy as np
import pytest

from ram_sdk import Motion, RAMPipeline
from ram_sdk.checkpoint import SHIPPED

GOLDEN = Path(__file__).resolve().parents[1] / "fixtures" / "golden_motions"
STRENGTHS = {"": 1.0, "-exemplar": 0.4}  # by what is added to the name: from pure noise, and from a capture
TOLERANCE = 0.005  # metres: another processor's rounding moves a joint by far less, another network by more


def make(name: str, strength: float) -> Motion:
    """A motion by few steps that go through all of sampling: REG, CFG and the noise of each step."""
    pipeline = RAMPipeline.from_pretrained(name)
    steps = 4 if strength == 1.0 else 10
    guidance = {"reg_scale": 5.0, "cfg_scale": 1.5, "reg_timesteps": None, "strength": strength}
    options = {"num_inference_steps": steps, "sampler": "ddpm", "timestep_spacing": "linear", **guidance}
    return pipeline("a person walks forward", 40, seed=0, **options).motions[0]


@pytest.mark.parametrize("suffix", STRENGTHS)
@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_shipped_checkpoint_makes_its_golden_motion(name, suffix):
    golden = np.load(GOLDEN / f"{name}{suffix}.npy").astype(np.float32)
    np.testing.assert_allclose(make(name, STRENGTHS[suffix]).joints, golden, atol=TOLERANCE)


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for checkpoint in sorted(SHIPPED):
        for suffix, strength in STRENGTHS.items():
            np.save(
                GOLDEN / f"{checkpoint}{suffix}.npy", make(checkpoint, strength).joints.astype(np.float16)
            )
            print(GOLDEN / f"{checkpoint}{suffix}.npy")
