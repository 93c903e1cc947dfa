"""Plans: distinct, repeatable seeds, names in order, lengths that neighbours do not change."""

from dataclasses import replace

import pytest
import torch

from ram_sdk import inputs
from ram_sdk.batch.plan import Recipe, batches, motion_seed, plan
from ram_sdk.batch.table import Row
from ram_sdk.checkpoint.lora import Lora

WALK = "a person walks"


@pytest.fixture
def loaded(checkpoint):
    recipe = Recipe(str(checkpoint))
    return recipe.load("cpu"), recipe


def test_seeds_are_distinct_and_repeat(loaded):
    rows = [Row(number, WALK, 1.0, num=3) for number in range(1, 401)]
    seeds = [job.seed for job in plan(rows, *loaded)[0]]
    assert len(set(seeds)) == 1200
    assert seeds == [job.seed for job in plan(rows, *loaded)[0]]
    assert not set(seeds) & {job.seed for job in plan(rows, *loaded, seed=1)[0]}
    assert all(0 <= seed < 2**53 for seed in seeds)  # whole in every JSON reader
    assert [job.seed for job in plan([Row(1, WALK, 1.0, 7, 2)], *loaded)[0]] == [7, 8]


def test_other_rows_change_nothing(loaded):
    rows = [Row(1, WALK), Row(2, "the man jumps", num=2), Row(3, "someone kicks")]
    whole = {job.file: job for job in plan(rows, *loaded)[0]}
    for row in rows:
        assert all(whole[job.file] == job for job in plan([row], *loaded)[0])


def test_a_row_with_seed_and_name_may_stand_anywhere(loaded):
    given, open_row = Row(1, WALK, 1.0, seed=7, name="walk"), Row(2, WALK, 1.0)
    (first, second), _ = plan([given, open_row], *loaded)
    (third, fourth), _ = plan([replace(open_row, number=1), replace(given, number=2)], *loaded)
    assert (fourth.file, fourth.seed, fourth.request) == (first.file, first.seed, first.request)
    assert third.file != second.file
    assert third.seed != second.seed


def test_names_sort_in_the_order_of_the_table(loaded):
    rows = [Row(number, WALK, 1.0, num=12 if number == 2 else 1) for number in (1, 2, 9, 10, 99_999, 100_000)]
    for some in (rows, rows[:4]):
        files = [job.file for job in plan(some, *loaded)[0]]
        assert files == sorted(files)
    assert files[0] == "00001_a-person-walks.npz"


def test_rows_that_this_checkpoint_cannot_make(loaded):
    rows = [
        Row(1, WALK, 99.0),
        Row(2, "word " * 100),
        Row(3, WALK, 1.0, name="x"),
        Row(4, WALK, 1.0, name="X"),
        Row(5, "a person \ud800 walks", 1.0),
    ]
    jobs, bad = plan(rows, *loaded)
    assert [job.file for job in jobs] == ["x.npz"]
    assert [row.number for row in bad] == [1, 2, 4, 5]
    assert "expected 0.05 to 9.8 seconds" in bad[0].reason
    assert "at most 62 can be read" in bad[1].reason
    assert bad[2].reason == "its name is that of row 3"
    assert r"'a person \ud800 walks' is not text: '\ud800' at 9 is half a character" in bad[3].reason


def test_what_shapes_a_motion_shapes_its_request(loaded, checkpoint):
    pipeline, recipe = loaded
    row = Row(1, WALK, 1.0)
    requests = [
        plan([row], pipeline, recipe)[0][0].request,
        plan([row], pipeline, recipe, seed=1)[0][0].request,
        plan([Row(1, WALK, 1.5)], pipeline, recipe)[0][0].request,
        plan([row], pipeline, Recipe(str(checkpoint), sampling={"reg_scale": 0.0}))[0][0].request,
        plan([row], pipeline, Recipe(str(checkpoint), suffix=".npy"))[0][0].request,
    ]
    assert len(set(requests)) == 5
    (checkpoint / "model_index.json").write_text((checkpoint / "model_index.json").read_text() + " ")
    assert plan([row], pipeline, recipe)[0][0].request not in requests


def test_a_folder_of_untrimmed_motions_is_not_taken_for_one_of_trimmed_motions(loaded, monkeypatch):
    [[now], _] = plan([Row(1, WALK)], *loaded)
    monkeypatch.setattr(inputs, "trimmed", lambda *given: [False])  # as before motions were trimmed
    [[then], _] = plan([Row(1, WALK)], *loaded)
    assert (now.trim, then.trim) == (True, False)
    assert now.request != then.request
    assert replace(then, trim=True, request=now.request) == now


def test_another_lora_at_the_same_place_shapes_a_request(loaded, monkeypatch):
    pipeline, recipe = loaded
    requests = set()
    for number in (1.0, 2.0):
        matrices = {"layer": (torch.full((1, 2), number), torch.ones(2, 1))}
        monkeypatch.setattr(pipeline, "lora", Lora("style", {}, matrices))
        for scale in (1.0, 0.5):
            wanted = replace(recipe, lora="style", lora_scale=scale)
            requests |= {plan([Row(1, WALK, 1.0)], pipeline, wanted)[0][0].request}
    assert len(requests) == 4


def test_batches_are_of_like_length(loaded):
    rows = [Row(number, WALK, 2.0 + 0.05 * (number % 7)) for number in range(1, 41)]
    made = batches(plan(rows, *loaded)[0], 16)
    lengths = [job.frames for batch in made for job in batch]
    assert lengths == sorted(lengths, reverse=True)
    assert [len(batch) for batch in made] == [16, 16, 8]


def test_no_motion_is_padded_by_more_than_a_quarter(loaded):
    rows = [Row(number, WALK, 0.5 * number) for number in range(1, 19)]
    made = batches(plan(rows, *loaded)[0], 16)
    assert sorted(job.row for batch in made for job in batch) == list(range(1, 19))
    assert all(batch[0].frames <= 1.25 * job.frames for batch in made for job in batch)
    assert len(made) < 10


def test_seeds_of_a_run_are_known_numbers():
    assert motion_seed(0, 1, 0) == motion_seed(0, 1, 0) != motion_seed(0, 0, 1)


def test_a_name_may_not_be_that_of_one_of_several_motions(loaded):
    rows = [
        Row(1, WALK, 1.0, name="x", num=3),
        Row(2, WALK, 1.0, name="x_02"),
        Row(3, WALK, 1.0, name="x_04"),
    ]
    jobs, bad = plan(rows, *loaded)
    assert [job.file for job in jobs] == ["x_01.npz", "x_02.npz", "x_03.npz", "x_04.npz"]
    assert [(row.number, row.reason) for row in bad] == [(2, "its name is that of row 1")]
