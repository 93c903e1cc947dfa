"""Which actions a text asks for: the reader's network."""

import pytest
import torch

from ram_sdk.models import PromptReader, ReaderConfig


@pytest.fixture
def reader() -> PromptReader:
    torch.manual_seed(0)
    made = PromptReader(ReaderConfig(text_dim=12, actions=("walk", "wave", "sit"), width=8, num_heads=2))
    torch.nn.init.normal_(made.focus.weight)
    return made.eval()


def test_it_gives_probabilities_and_a_focus_on_valid_tokens(reader):
    mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    read = reader(torch.randn(2, 5, 12), mask)
    assert read.relation.shape == (2, 3)
    assert read.actions.shape == (2, 2, 3)
    assert read.focus.shape == (2, 2, 5)
    for one in (read.relation.exp(), read.actions.exp(), read.focus):
        torch.testing.assert_close(one.sum(-1), torch.ones(one.shape[:-1]))
    assert read.focus[1, :, 3:].eq(0).all()
    assert read.focus[0].std() > 0.01


def test_what_is_padded_does_not_matter(reader):
    states = torch.randn(1, 4, 12)
    alone = reader(states, torch.ones(1, 4, dtype=torch.bool))
    padded = torch.cat((states, torch.full((1, 3, 12), 9.0)), dim=1)
    beside = reader(padded, torch.arange(7)[None] < 4)
    torch.testing.assert_close(beside.actions, alone.actions)
    torch.testing.assert_close(beside.relation, alone.relation)


def test_the_two_actions_are_read_in_different_tokens(reader):
    """Each is named by the mean state of the tokens in its focus."""
    states = torch.randn(1, 4, 12)
    mask = torch.ones(1, 4, dtype=torch.bool)
    read = reader(states, mask)
    pooled = torch.nn.functional.normalize(read.focus[0] @ (states[0] - reader.mean), dim=-1)
    torch.testing.assert_close(read.actions[0], reader.action(pooled).log_softmax(-1))


def test_a_width_that_heads_cannot_share_is_refused():
    with pytest.raises(ValueError, match="width 10"):
        ReaderConfig(text_dim=12, actions=("walk",), width=10, num_heads=4)
