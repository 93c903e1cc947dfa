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
TOLERANCE = 0.005  # metres: another processor's rounding moves a joint by far less, another network by more


def make(name: str) -> Motion:
    """A motion by few steps that go through all of sampling: REG, CFG and the noise of each step."""
    pipeline = RAMPipeline.from_pretrained(name)
    options = {"num_inference_steps": 4, "reg_scale": 5.0, "cfg_scale": 1.5, "sampler": "ddpm"}
    return pipeline(
        "a person walks forward", 40, seed=0, timestep_spacing="linear", reg_timesteps=None, **options
    ).motions[0]


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_shipped_checkpoint_makes_its_golden_motion(name):
    golden = np.load(GOLDEN / f"{name}.npy").astype(np.float32)
    np.testing.assert_allclose(make(name).joints, golden, atol=TOLERANCE)


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for checkpoint in sorted(SHIPPED):
        np.save(GOLDEN / f"{checkpoint}.npy", make(checkpoint).joints.astype(np.float16))
        print(GOLDEN / f"{checkpoint}.npy")
