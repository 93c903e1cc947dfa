"""A prompt reader that is fitted to sentences, and what calls make of what it reads."""

import json

import numpy as np
import pytest
import torch

from ram_sdk import RAMPipeline
from ram_sdk.models import RELATIONS, Exemplar, Exemplars, ExemplarsConfig, ReaderConfig
from ram_sdk.models.exemplars import Want
from ram_sdk.motion import Motion
from ram_sdk.pipeline import starting
from ram_sdk.scheduler import RAMScheduler, SchedulerConfig
from tests.synthetic_clips import raise_hand, travel
from training.__main__ import main
from training.dataset import CaptionStates
from training.open_data import reading
from training.open_data.captions.wordings import is_unseen
from training.open_data.reading import Labelled, training_sentences, unseen_sentences
from training.reader import fit, measure

SENTENCES = [
    *(
        Labelled(text, "one", ("walk",))
        for text in ("a person walks", "walk", "walk ahead", "a person walks slowly")
    ),
    *(
        Labelled(text, "one", ("wave",))
        for text in (
            "a person waves",
            "wave",
            "a person waves the left hand",
            "a person waves the right hand",
        )
    ),
    *(
        Labelled(text, "then", ("wave", "walk"))
        for text in ("a person waves, walks", "wave and walk", "after a wave someone walks")
    ),
    *(
        Labelled(text, "while", ("walk", "wave"))
        for text in (
            "a person walks while waving",
            "a person walks while waving quickly",
            "walk while you wave",
            "someone walks as they wave",
        )
    ),
]
NAMES = ("walk", "wave")


@pytest.fixture(scope="module")
def read(pipeline, tmp_path_factory):
    """The sentences' token states and a reader that knows them by heart."""
    states = CaptionStates(
        [one.text for one in SENTENCES], pipeline.text_backbone, tmp_path_factory.mktemp("captions")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.reader._EPOCHS", 300)
        return states, fit(SENTENCES, states, ReaderConfig(32, NAMES, arms=("wave",)), seed=0)


@pytest.fixture
def with_reader(pipeline, read) -> RAMPipeline:
    """Exemplars that only their actions tell apart: a walk of 4 s, and a left hand raised for 3 s."""
    walk, hand = travel(4, forward=1.2), raise_hand(travel(3), 0)
    motions = (
        Exemplar("walks/1", "a person walks", ("own",), 40, 10.0, action="walk"),
        Exemplar("hands/2", "a person waves", ("own",), 30, 10.0, action="wave", side="left"),
    )
    config = ExemplarsConfig(pipeline.denoiser.config.latent_dim, 1, {"own": "We (CC0 1.0)"}, motions)
    exemplars = Exemplars(config).eval()
    joints = torch.tensor(np.concatenate([walk[::2], hand[::2]]), dtype=torch.float32)
    exemplars.places.copy_(joints[:, 0, [0, 2]])
    joints[..., [0, 2]] -= exemplars.places[:, None]
    exemplars.joints.copy_(joints)
    exemplars.latents.fill_(1.0)
    scheduler = RAMScheduler(SchedulerConfig(num_train_timesteps=50, num_inference_steps=10, strength=0.4))
    parts = {"exemplars": exemplars, "scheduler": scheduler, "reader": read[1]}
    made = RAMPipeline(**pipeline.components | parts)
    made.set_progress_bar_config(disable=True)
    return made


def start(pipeline: RAMPipeline, prompt: str, **options: object) -> tuple[Motion, list[str]]:
    """What sampling starts from, as made with no noise, and the names of its exemplars."""
    (motion,) = pipeline(prompt, seed=1, trim=False, strength=0, **options).motions
    return motion, [one["name"] for one in motion.settings["exemplars"]]


def test_what_it_was_fitted_to_is_read(read):
    states, reader = read
    accuracy = measure(reader, SENTENCES, states)
    assert (accuracy.relation, accuracy.then, accuracy.both) == (1.0, 1.0, 1.0)
    assert accuracy.one > 0.8


def test_the_action_that_is_read_decides_between_exemplars(with_reader):
    assert start(with_reader, "a person walks")[1] == ["walks/1"]
    assert start(with_reader, "a person waves")[1] == ["hands/2"]


def test_a_side_in_the_words_mirrors_the_exemplar(with_reader):
    for side, mirrored in (("left", False), ("right", True)):
        (motion,) = with_reader(f"a person waves the {side} hand", seed=1, trim=False).motions
        assert motion.settings["exemplars"][0]["mirrored"] is mirrored


def test_two_actions_one_after_the_other_are_joined_in_the_order_that_is_read(with_reader):
    motion, names = start(with_reader, "wave and walk")
    assert names == ["hands/2", "walks/1"]
    assert len(motion) > 80
    way = np.linalg.norm(motion.joints[:, 0, [0, 2]] - motion.joints[0, 0, [0, 2]], axis=-1)
    assert way[12] < 0.2 < way[-1]


def test_two_actions_at_the_same_time_are_layered(with_reader):
    motion, names = start(with_reader, "a person walks while waving")
    assert names == ["walks/1", "hands/2"]
    assert len(motion) == 79  # the longer of both
    assert np.linalg.norm(motion.joints[-1, 0] - motion.joints[0, 0]) > 4
    wrists = motion.joints[:, [20, 21], 1] - motion.joints[:, [16, 17], 1]
    assert np.abs(wrists.max(axis=0) - wrists.min(axis=0)).max() > 0.5
    assert len(start(with_reader, "a person walks while waving", num_frames=60)[0]) == 60


def test_clauses_of_which_one_goes_somewhere_are_done_both(with_reader):
    likely = {"walk": -0.1, "wave": -3.0}
    both, after = "a person walks and waves the left hand", "a person waves the left hand and walks"
    found = with_reader._split({both: likely, after: likely, "a person walks up and down": likely})
    assert [len(part.wants) for part in found[both]] == [2]  # the arms' on the legs'
    assert [len(part.wants) for part in found[after]] == [1, 1]
    assert set(found) == {both, after}
    surely_another = {"walk": -9.0, "wave": -9.0, "dance": -0.1}
    assert with_reader._split({both: surely_another}) == {}


def test_legs_that_are_done_are_not_repeated(with_reader, monkeypatch):
    """A walk goes on while the arms wave longer, a squat does not."""
    squat = travel(1.5)
    squat[..., 1] -= 0.4 * np.sin(np.linspace(0, np.pi, len(squat)))[:, None]
    assert not starting._steady(Motion(squat.astype(np.float32), 20))
    assert starting._steady(Motion(travel(2, forward=1).astype(np.float32), 20))
    want = Want(torch.zeros(16))
    long = Motion(raise_hand(travel(4), 0).astype(np.float32), 20)
    config = with_reader.normalizer.config
    layered = starting._layered([want, want], [Motion(squat.astype(np.float32), 20), long], None, config)
    low = layered.joints[:, 0, 1] < layered.joints[0, 0, 1] - 0.2
    assert len(layered) == len(long)
    assert np.abs(np.diff(low.astype(int))).sum() == 2  # once


def test_each_half_has_its_own_words_for_speed(with_reader):
    (both,) = with_reader._wanted(["a person walks while waving quickly"], [None])
    legs, arms = both.parts[0].wants
    assert legs.pace == 1.0 < arms.pace


@pytest.mark.parametrize("frames", [20, 60, 150])
def test_a_given_length_is_kept_by_layers(with_reader, frames):
    assert len(start(with_reader, "a person walks while waving", num_frames=frames)[0]) == frames


def test_a_batch_starts_as_each_alone(with_reader):
    prompts = ["a person walks while waving", "a person walks", "wave and walk"]
    seeds = [3, 4, 5]
    together = with_reader(prompts, seed=seeds, trim=False, strength=0).motions
    for motion, prompt, seed in zip(together, prompts, seeds, strict=True):
        (alone,) = with_reader(prompt, seed=seed, trim=False, strength=0).motions
        np.testing.assert_allclose(alone.joints, motion.joints, atol=1e-4)


def test_white_space_is_nothing(with_reader):
    first, second = with_reader._wanted(["\t\n  wave and   walk ", "wave and walk"], [None, None])
    for one, other in zip(first.parts, second.parts, strict=True):
        torch.testing.assert_close(one.wants[0].latent, other.wants[0].latent)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_reader_reads_in_any_precision(with_reader, dtype):
    states, mask = with_reader.text_backbone.encode(["a person waves"])
    read = with_reader.reader(states.to(dtype), mask)
    assert read.actions.dtype == torch.float32


def test_a_timeline_reads_its_prompts(with_reader):
    motion = with_reader.compose(["a person walks while waving", "wave and walk"], duration=[3, 4], seed=1)
    assert len(motion) == 140
    assert [one["name"][:5] for one in motion.settings["exemplars"]] == ["walks", "hands", "hands", "walks"]


def test_a_reader_is_saved_and_loaded(with_reader, tmp_path):
    with_reader.save_pretrained(tmp_path / "saved")
    again = RAMPipeline.from_pretrained(tmp_path / "saved")
    assert again.reader.config == with_reader.reader.config
    ours, theirs = (start(p, "a person walks while waving")[0] for p in (with_reader, again))
    np.testing.assert_array_equal(ours.joints, theirs.joints)


@pytest.fixture
def few(monkeypatch, tmp_path):
    """Three actions, few pairs, and a data set of two clips."""
    monkeypatch.setattr(reading, "actions", lambda: ("walk", "wave", "clap"))
    monkeypatch.setattr(reading, "_JOINED", {"then": 60, "while": 60})
    monkeypatch.setattr(reading, "_JOINED_UNSEEN", 30)
    monkeypatch.setattr("training.reader._EPOCHS", 1)
    folder = tmp_path / "data"
    (folder / "texts").mkdir(parents=True)
    (folder / "new_joint_vecs").mkdir()
    listing = {
        "1": {"actions": ["walk"]},
        "2": {"actions": ["walk", "wave"], "composed": "while"},
        "3": {"actions": ["walk", "wave"]},  # captured: not known whether one after the other
    }
    for clip in listing:
        (folder / "texts" / f"{clip}.txt").write_text(f"what people say of clip {clip}#a/DET#0.0#0.0\n")
        np.save(folder / "new_joint_vecs" / f"{clip}.npy", np.zeros((40, 263), np.float32))
    (folder / "clips.json").write_text(json.dumps(listing))
    (folder / "train.txt").write_text("1\n2\n3\n")
    for name in ("Mean", "Std"):
        np.save(folder / f"{name}.npy", np.ones(263, np.float32))
    return folder


def test_sentences_name_their_actions_and_none_is_held_out(few):
    from training.data.folder import MotionTextFolder

    sentences = training_sentences(MotionTextFolder(few))
    assert sentences == training_sentences(MotionTextFolder(few))
    assert {one.relation for one in sentences} == set(RELATIONS)
    assert Labelled("what people say of clip 1", "one", ("walk",)) in sentences
    assert Labelled("what people say of clip 2", "while", ("walk", "wave")) in sentences
    assert not any("clip 3" in one.text for one in sentences)
    for one in sentences:
        assert len(one.actions) == (1 if one.relation == "one" else 2)
        assert "{" not in one.text
        if one.relation == "while":
            assert one.actions[0] == "walk"  # legs first
    held_out = {one.text for one in unseen_sentences()}
    assert not held_out & {one.text for one in sentences}
    assert not any(is_unseen(one.text) for one in sentences)


def test_a_checkpoint_gets_a_reader(few, checkpoint, capsys):
    assert main(["reader", "--checkpoint", str(checkpoint), "--data", str(few)]) == 0
    assert "unseen wordings: the action of" in capsys.readouterr().out
    reader = RAMPipeline.from_pretrained(checkpoint).reader
    assert reader.config.actions == ("clap", "walk", "wave")
    assert set(reader.config.arms) == {"clap", "wave"}
    assert main(["reader", "--checkpoint", "nowhere/x", "--data", str(few)]) == 2
    assert "expected a folder, into which a reader is written" in capsys.readouterr().err


def test_words_for_speed_choose_no_other_exemplar(with_reader):
    plain, slow, fast = with_reader._wanted(
        ["a person walks", "a person walks slowly", "walks fast"], [None] * 3
    )
    assert (plain.parts[0].wants[0].pace, slow.parts[0].wants[0].pace) == (1.0, 0.72)
    assert slow.parts[0].wants[0].actions == plain.parts[0].wants[0].actions
    torch.testing.assert_close(slow.parts[0].wants[0].latent, plain.parts[0].wants[0].latent)
    assert fast.parts[0].wants[0].pace == 1.35
