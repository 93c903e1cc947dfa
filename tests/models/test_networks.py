"""The networks: sizes of the paper's models, padding, and what a timestep and a latent do."""

import pytest
import torch

from ram_sdk.models import DenoiserConfig, EncoderConfig, MotionDenoiser, MotionEncoder, TextEncoder
from ram_sdk.models.dropout import Dropout


def count(module: torch.nn.Module) -> float:
    return sum(p.numel() for p in module.parameters()) / 1e6


def test_sizes_of_the_papers_models():
    assert count(MotionDenoiser(DenoiserConfig())) == pytest.approx(17.7, abs=0.1)
    assert count(MotionEncoder(EncoderConfig(263))) == pytest.approx(4.8, abs=0.1)
    assert count(TextEncoder(EncoderConfig(768))) == pytest.approx(4.9, abs=0.1)
    kit = MotionDenoiser(DenoiserConfig(num_features=251, latent_dim=192))
    assert kit.latent_projection.in_features == 192


@pytest.fixture
def denoiser() -> MotionDenoiser:
    torch.manual_seed(0)
    config = DenoiserConfig(num_features=12, latent_dim=8, width=32, feedforward=64, num_layers=3)
    return MotionDenoiser(config).eval()


def test_padding_does_not_change_valid_frames_of_the_denoiser(denoiser):
    x, latent, step = torch.randn(1, 30, 12), torch.randn(1, 8), torch.tensor([7])
    alone = denoiser(x, step, latent)
    for junk in (0.0, 50.0):
        padded = torch.cat((x, torch.full((1, 40, 12), junk)), dim=1)
        mask = torch.arange(70)[None] < 30
        torch.testing.assert_close(denoiser(padded, step, latent, mask)[:, :30], alone, atol=1e-5, rtol=1e-5)
        assert (denoiser(padded, step, latent)[:, :30] - alone).abs().max() > 1e-3


@pytest.mark.parametrize("network", [MotionEncoder, TextEncoder])
def test_padding_does_not_change_latents(network):
    torch.manual_seed(0)
    encoder = network(EncoderConfig(12, latent_dim=16, feedforward=32, num_layers=2)).eval()
    x = torch.randn(1, 20, 12)
    padded = torch.cat((x, torch.full((1, 9, 12), 30.0)), dim=1)
    masked = encoder(padded, torch.arange(29)[None] < 20)
    torch.testing.assert_close(masked, encoder(x), atol=1e-5, rtol=1e-5)
    assert (encoder(padded) - masked).abs().max() > 1e-3


def test_text_encoder_rectifies_its_input():
    encoder = TextEncoder(EncoderConfig(6, latent_dim=8, feedforward=16, num_layers=1)).eval()
    x = torch.randn(2, 5, 6)
    torch.testing.assert_close(encoder(x), encoder(x.clamp(min=0)))


def test_timestep_latent_and_order_of_frames_matter(denoiser):
    x, latent = torch.randn(1, 10, 12), torch.randn(1, 8)
    base = denoiser(x, torch.tensor([3]), latent)
    assert (denoiser(x, torch.tensor([4]), latent) - base).abs().max() > 1e-4
    assert (denoiser(x, torch.tensor([3]), latent * 0) - base).abs().max() > 1e-4
    assert (denoiser(x.flip(1), torch.tensor([3]), latent).flip(1) - base).abs().max() > 1e-4


def test_dropout_acts_in_training_only(denoiser):
    x, latent, step = torch.randn(1, 10, 12), torch.randn(1, 8), torch.tensor([3])
    torch.testing.assert_close(denoiser(x, step, latent), denoiser(x, step, latent))
    denoiser.train()
    assert (denoiser(x, step, latent) - denoiser(x, step, latent)).abs().max() > 1e-3


def test_dropout_keeps_the_mean_and_its_seed_decides_the_mask():
    torch.manual_seed(0)
    x = torch.ones(7, 9, 10_001)
    dropped = Dropout(0.1)(x)
    assert dropped.unique().tolist() == [0.0, pytest.approx(1 / 0.9)]
    for rows in (dropped, dropped.transpose(0, 2), dropped[..., 1::4]):  # no place is favoured
        torch.testing.assert_close((rows == 0).float().mean(), torch.tensor(0.1), atol=2e-3, rtol=0)
    torch.manual_seed(0)
    torch.testing.assert_close(Dropout(0.1)(x), dropped, atol=0, rtol=0)
    assert Dropout(0.1).eval()(x) is x
    assert Dropout(0.0)(x) is x


def test_dropout_hands_on_the_gradient_of_what_it_kept():
    x = torch.ones(50, 50, requires_grad=True)
    dropped = Dropout(0.3)(x)
    dropped.sum().backward()
    torch.testing.assert_close(x.grad, dropped.detach(), atol=0, rtol=0)


@pytest.mark.parametrize("masked", [False, True])
def test_attention_is_the_same_with_and_without_a_gradient(denoiser, masked):
    x, latent, step = torch.randn(3, 10, 12), torch.randn(3, 8), torch.tensor([3, 0, 7])
    mask = torch.arange(10) < torch.tensor([[10], [4], [7]]) if masked else None
    with torch.no_grad():
        expected = denoiser(x, step, latent, mask)
    torch.testing.assert_close(denoiser(x, step, latent, mask), expected, atol=1e-5, rtol=1e-5)
