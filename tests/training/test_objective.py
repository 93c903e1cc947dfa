"""Eq. 3-9: values against the formulas written out, and where the gradients go."""

import math

import pytest
import torch

from ram_sdk import RAMScheduler
from ram_sdk.models import DenoiserConfig, EncoderConfig, MotionDenoiser, MotionEncoder, TextEncoder
from training.objective import (
    Batch,
    ObjectiveConfig,
    RAMObjective,
    contrastive,
    latent_alignment,
    latent_statistics,
    masked_mse,
    self_regularization,
)


def make(config: ObjectiveConfig) -> RAMObjective:
    torch.manual_seed(0)
    sizes = {"latent_dim": 8, "feedforward": 16, "num_layers": 1, "num_heads": 2, "dropout": 0.0}
    return RAMObjective(
        MotionDenoiser(DenoiserConfig(num_features=5, width=16, **sizes)),
        MotionEncoder(EncoderConfig(5, **sizes)) if config.reconstruction else None,
        TextEncoder(EncoderConfig(6, **sizes)),
        RAMScheduler(),
        config,
    )


@pytest.fixture
def batch() -> Batch:
    generator = torch.Generator().manual_seed(1)
    mask = torch.arange(12) < torch.tensor([12, 7, 4])[:, None]
    motion = torch.randn(3, 12, 5, generator=generator) * mask[..., None]
    text_mask = torch.arange(4) < torch.tensor([4, 2, 3])[:, None]
    return Batch(motion, mask, torch.randn(3, 4, 6, generator=generator), text_mask)


STATISTICS = {"latent_cosine", "pair_cosine", "latent_distance"}


def losses(objective: RAMObjective, batch: Batch) -> dict[str, torch.Tensor]:
    draws = objective.draw(*batch.motion_mask.shape, torch.Generator().manual_seed(2))
    return {name: value for name, value in objective(batch, draws).items() if name not in STATISTICS}


def test_masked_mse_is_the_mean_over_valid_frames_of_each_clip():
    estimate, target = torch.randn(2, 6, 3), torch.randn(2, 6, 3)
    mask = torch.arange(6) < torch.tensor([6, 2])[:, None]
    first = (estimate[0] - target[0]).square().mean()
    second = (estimate[1, :2] - target[1, :2]).square().mean()
    torch.testing.assert_close(masked_mse(estimate, target, mask), (first + second) / 2)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_self_regularization_is_equation_7(temperature):
    z = torch.randn(5, 8, dtype=torch.float64)
    unit = z / z.norm(dim=1, keepdim=True)
    total = 0.0
    for i in range(5):
        weights = [math.exp(float(unit[i] @ unit[j]) / temperature) for j in range(5)]
        total -= math.log(weights[i] / sum(weights))
    assert float(self_regularization(z, temperature)) == pytest.approx(total / 5, rel=1e-6)


def test_self_regularization_repels():
    z = torch.tensor([[1.0, 0.1], [1.0, -0.1]], requires_grad=True)
    self_regularization(z, 1.0).backward()
    moved = (z - z.grad).detach()
    before = torch.nn.functional.cosine_similarity(z[0], z[1], dim=0)
    assert torch.nn.functional.cosine_similarity(moved[0], moved[1], dim=0) < before


@pytest.mark.parametrize("beta", [0.0, 0.01, 0.1, 1.0])
def test_alignment_value_is_the_distance_and_beta_is_the_share_of_the_gradient(beta):
    z_t = torch.randn(4, 8, requires_grad=True)
    z_m = torch.randn(4, 8, requires_grad=True)
    loss = latent_alignment(z_t, z_m, beta)
    torch.testing.assert_close(loss, (z_t - z_m).square().mean())
    loss.backward()
    full = 2 * (z_t - z_m).detach() / z_t.numel()
    torch.testing.assert_close(z_t.grad, full)
    torch.testing.assert_close(z_m.grad, -beta * full)


def test_contrastive_prefers_pairs():
    z = torch.eye(4)
    assert contrastive(z, z, 0.1) < 0.01
    assert contrastive(z, z.roll(1, 0), 0.1) > 5


def test_latent_statistics():
    z_m = torch.tensor([[2.0, 0.0], [0.0, 1.0], [3.0, 0.0]])
    values = latent_statistics(z_m + torch.tensor([3.0, 4.0]), z_m)
    assert float(values["latent_cosine"]) == pytest.approx(1 / 3, abs=1e-6)
    assert float(values["latent_distance"]) == pytest.approx(5.0)
    assert float(latent_statistics(3 * z_m, z_m)["pair_cosine"]) == pytest.approx(1.0)
    across = z_m.flip(-1) * torch.tensor([1.0, -1.0])
    assert float(latent_statistics(across, z_m)["pair_cosine"]) == pytest.approx(0.0)


def test_shares_of_the_draws_make_up_the_whole():
    objective = make(ObjectiveConfig())
    whole = objective.draw(6, 4, torch.Generator().manual_seed(2))
    shares = whole.split(3)
    assert torch.equal(torch.cat([share.noise for share in shares]), whole.noise)
    assert torch.equal(torch.cat([share.timestep for share in shares]), whole.timestep)
    assert torch.equal(torch.cat([share.keep for share in shares], dim=1), whole.keep)


def test_a_share_of_the_clips_gets_one_of_the_noisiest_timesteps_in_training():
    objective = make(ObjectiveConfig(noisy_share=0.5))
    drawn = objective.draw(4000, 1, torch.Generator().manual_seed(2)).timestep
    assert (drawn >= 40).float().mean() == pytest.approx(0.6, abs=0.03)
    assert drawn.unique().tolist() == list(range(50))
    drawn = objective.eval().draw(4000, 1, torch.Generator().manual_seed(2)).timestep
    assert (drawn >= 40).float().mean() == pytest.approx(0.2, abs=0.03)


def test_each_branch_draws_its_null_conditions_apart():
    keep = make(ObjectiveConfig()).draw(4000, 1, torch.Generator().manual_seed(2)).keep
    assert keep.shape == (2, 4000)
    dropped = (~keep).float()
    torch.testing.assert_close(dropped.mean(1), torch.tensor([0.1, 0.1]), atol=0.02, rtol=0)
    assert dropped.prod(0).mean() == pytest.approx(0.01, abs=0.006)  # of both, as of independent draws


def test_alignment_as_a_sum_is_the_squared_norm(batch):
    z_t, z_m = torch.randn(2, 4, 8)
    norm = (z_t - z_m).norm(dim=-1).square().mean()
    torch.testing.assert_close(latent_alignment(z_t, z_m, 0.01, "sum"), norm)
    torch.testing.assert_close(latent_alignment(z_t, z_m, 0.01), norm / 8)
    summed = losses(make(ObjectiveConfig(alignment_reduction="sum")), batch)
    averaged = losses(make(ObjectiveConfig()), batch)
    torch.testing.assert_close(summed["alignment"], 8 * averaged["alignment"])


def test_total_is_equation_9(batch):
    values = losses(make(ObjectiveConfig()), batch)
    assert values.keys() == {"generation", "reconstruction", "alignment", "self_regularization", "total"}
    expected = (
        values["reconstruction"]
        + values["generation"]
        + values["alignment"]
        + 0.5 * values["self_regularization"]
    )
    torch.testing.assert_close(values["total"], expected)


def test_one_denoiser_forward_equals_two(batch):
    objective = make(ObjectiveConfig(null_probability=0.0))
    values = losses(objective, batch)
    generator = torch.Generator().manual_seed(2)
    step = torch.randint(50, (3,), generator=generator)
    noise = torch.randn(batch.motion.shape, generator=generator)
    x_t = objective.scheduler.add_noise(batch.motion, noise, step)
    for name, latent in (
        ("generation", objective.text_encoder(batch.text, batch.text_mask)),
        ("reconstruction", objective.motion_encoder(batch.motion, batch.motion_mask)),
    ):
        estimate = objective.denoiser(x_t, step, latent, batch.motion_mask)
        torch.testing.assert_close(values[name], masked_mse(estimate, batch.motion, batch.motion_mask))


def gradient(module: torch.nn.Module) -> float:
    return sum(float(p.grad.abs().sum()) for p in module.parameters() if p.grad is not None)


def test_alignment_alone_reaches_the_motion_encoder_by_beta_only(batch):
    reached = {}
    for beta in (0.0, 0.01, 1.0):
        objective = make(ObjectiveConfig(beta=beta))
        losses(objective, batch)["alignment"].backward()
        reached[beta] = gradient(objective.motion_encoder)
        assert gradient(objective.text_encoder) > 0
        assert gradient(objective.denoiser) == 0
    assert reached[0.0] == 0
    assert reached[0.01] == pytest.approx(0.01 * reached[1.0], rel=1e-3)


def test_self_regularization_reaches_the_motion_encoder_only(batch):
    objective = make(ObjectiveConfig())
    losses(objective, batch)["self_regularization"].backward()
    assert gradient(objective.motion_encoder) > 0
    assert gradient(objective.text_encoder) == gradient(objective.denoiser) == 0


def test_null_condition_is_the_zero_latent(batch):
    objective = make(ObjectiveConfig(null_probability=1.0))
    values = losses(objective, batch)
    torch.testing.assert_close(values["generation"], values["reconstruction"])
    values["generation"].backward()
    assert gradient(objective.text_encoder) == 0


@pytest.mark.parametrize(
    ("variant", "terms"),
    [
        ({"reconstruction": 0.0}, {"generation"}),
        ({"alignment": 0.0, "self_regularization": 0.0}, {"generation", "reconstruction"}),
        ({"self_regularization": 0.0}, {"generation", "reconstruction", "alignment"}),
        ({"alignment": 0.0, "self_regularization": 0.0, "contrastive": 1.0},
         {"generation", "reconstruction", "contrastive"}),
    ],
)  # fmt: skip
def test_variants_are_lines_of_configuration(batch, variant, terms):
    assert losses(make(ObjectiveConfig(**variant)), batch).keys() == terms | {"total"}


def test_padding_does_not_change_the_losses(batch):
    def pad(x: torch.Tensor) -> torch.Tensor:
        return torch.cat((x, torch.zeros_like(x[:, :3])), dim=1)

    objective = make(ObjectiveConfig())
    longer = Batch(pad(batch.motion), pad(batch.motion_mask), pad(batch.text), pad(batch.text_mask))
    with torch.no_grad():
        short_z = objective.motion_encoder(batch.motion, batch.motion_mask)
        long_z = objective.motion_encoder(longer.motion, longer.motion_mask)
        torch.testing.assert_close(short_z, long_z)
        short = objective.denoiser(batch.motion, torch.tensor([3, 9, 30]), short_z, batch.motion_mask)
        long = objective.denoiser(longer.motion, torch.tensor([3, 9, 30]), long_z, longer.motion_mask)
    torch.testing.assert_close(
        masked_mse(short, batch.motion, batch.motion_mask),
        masked_mse(long, longer.motion, longer.motion_mask),
    )
