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


def test_each_action_is_named_by_the_states_in_its_own_focus(reader):
    states = torch.randn(1, 4, 12)
    torch.nn.init.normal_(reader.focus.weight, std=30.0)
    read = reader(states, torch.ones(1, 4, dtype=torch.bool))
    assert (read.focus[0, 0] - read.focus[0, 1]).abs().max() > 0.1
    pooled = torch.nn.functional.normalize(read.focus[0] @ states[0], dim=-1)  # whose mean is zero here
    torch.testing.assert_close(read.actions[0], reader.action(pooled).log_softmax(-1))
    assert (read.actions[0, 0] - read.actions[0, 1]).abs().max() > 0.01


def test_an_action_is_there_once():
    with pytest.raises(ValueError, match="twice"):
        ReaderConfig(text_dim=12, actions=("walk", "walk"), width=8)


def test_a_width_that_heads_cannot_share_is_refused():
    with pytest.raises(ValueError, match="width 10"):
        ReaderConfig(text_dim=12, actions=("walk",), width=10, num_heads=4)
