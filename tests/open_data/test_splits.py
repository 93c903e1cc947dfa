"""Which split a trial is in."""

from training.open_data.splits import split_of, trial_key


def test_the_same_motion_in_two_sources_is_in_one_split() -> None:
    copy = trial_key("deepmimic", "humanoid3d_stealthy_walk0", "")
    assert split_of(copy) == split_of(trial_key("cmu", "17_03", "")) == "test"


def test_an_animation_and_its_copy_with_the_roots_motion_are_one_trial() -> None:
    assert trial_key("mesh2motion", "human-base", "Roll_RM") == trial_key("mesh2motion", "human-base", "Roll")


def test_authored_takes_are_only_trained_on():
    keys = [
        trial_key("authored", f"authored/{name}.json", str(take)) for name in "abcdefgh" for take in range(9)
    ]
    assert {split_of(key) for key in keys} == {"train"}
