"""The networks against `nn.TransformerEncoderLayer` with the same weights, in the forms of MDM and TEMOS."""

import math

import pytest
import torch
from torch import Tensor, nn

from ram_sdk.models import DenoiserConfig, EncoderConfig, MotionDenoiser, MotionEncoder, TextEncoder
from ram_sdk.models.transformer import TransformerEncoder

SIZES = {"feedforward": 48, "num_layers": 3, "num_heads": 4}


def randomized(network: nn.Module) -> nn.Module:
    """The network in evaluation mode, every weight and bias drawn, so that each of them counts."""
    torch.manual_seed(0)
    for parameter in network.parameters():
        nn.init.normal_(parameter, 0.1, 0.3)
    return network.eval()


def reference(ours: TransformerEncoder, width: int) -> nn.TransformerEncoder:
    """torch's own post-norm GELU encoder with the weights of ours."""
    layer = nn.TransformerEncoderLayer(
        width, SIZES["num_heads"], SIZES["feedforward"], activation="gelu", batch_first=True
    )
    encoder = nn.TransformerEncoder(layer, SIZES["num_layers"], enable_nested_tensor=False).eval()
    for theirs, own in zip(encoder.layers, ours.layers, strict=True):
        theirs.self_attn.in_proj_weight.data = own.query_key_value.weight.data
        theirs.self_attn.in_proj_bias.data = own.query_key_value.bias.data
        pairs = (
            (theirs.self_attn.out_proj, own.attention_output),
            (theirs.norm1, own.attention_norm),
            (theirs.linear1, own.feedforward_input),
            (theirs.linear2, own.feedforward_output),
            (theirs.norm2, own.feedforward_norm),
        )
        for module, source in pairs:
            module.load_state_dict(source.state_dict())
    return encoder


def positions(length: int, width: int) -> Tensor:
    """The table of "Attention is all you need", entry by entry, from position 0."""
    table = torch.zeros(length, width)
    for position in range(length):
        for i in range(0, width, 2):
            angle = position / 10000 ** (i / width)
            table[position, i], table[position, i + 1] = math.sin(angle), math.cos(angle)
    return table


def encode(encoder: nn.TransformerEncoder, first: Tensor, sequence: Tensor, mask: Tensor) -> Tensor:
    tokens = torch.cat((first[:, None], sequence), dim=1)
    tokens = tokens + positions(tokens.shape[1], tokens.shape[2])
    padding = torch.cat((torch.zeros(len(mask), 1, dtype=torch.bool), ~mask), dim=1)
    return encoder(tokens, src_key_padding_mask=padding)


@pytest.mark.parametrize("differentiated", [False, True])
def test_denoiser_is_mdms_with_a_post_norm_gelu_encoder(differentiated):
    """First token = Linear(z) + Linear(SiLU(Linear(position of t))); frames at positions 1, 2, ..."""
    network = randomized(MotionDenoiser(DenoiserConfig(num_features=12, latent_dim=8, width=32, **SIZES)))
    x_t, z, timestep = torch.randn(3, 10, 12), torch.randn(3, 8), torch.tensor([0, 31, 49])
    mask = torch.arange(10) < torch.tensor([[10], [4], [7]])
    with torch.set_grad_enabled(differentiated):
        made = network(x_t, timestep, z, mask)
    with torch.no_grad():
        before, after = network.timestep_embedding[0], network.timestep_embedding[2]
        embedded = before(positions(50, 32)[timestep])
        condition = network.latent_projection(z) + after(embedded * torch.sigmoid(embedded))
        tokens = encode(reference(network.transformer, 32), condition, network.input_projection(x_t), mask)
        expected = network.output_projection(tokens[:, 1:])
    torch.testing.assert_close(made[mask], expected[mask], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("kind", "rectified"), [(MotionEncoder, False), (TextEncoder, True)])
def test_encoders_are_temos_without_the_vae_head(kind, rectified):
    """A learned token before the projected sequence; z is the output at the token."""
    network = randomized(kind(EncoderConfig(12, latent_dim=16, **SIZES)))
    sequence = torch.randn(3, 9, 12)
    mask = torch.arange(9) < torch.tensor([[9], [2], [6]])
    with torch.no_grad():
        made = network(sequence, mask)
        projected = network.projection(sequence.clamp(min=0) if rectified else sequence)
        token = network.token.expand(3, -1)
        expected = encode(reference(network.transformer, 16), token, projected, mask)[:, 0]
    torch.testing.assert_close(made, expected, atol=1e-4, rtol=1e-4)
