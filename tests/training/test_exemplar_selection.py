"""Exemplars of a checkpoint, from a data set."""

import json

import numpy as np
import pytest

from ram_sdk import RAMPipeline
from ram_sdk.control.wording import count
from ram_sdk.motion import Motion
from tests.synthetic_clips import mirror, raise_hand, travel
from training.__main__ import main
from training.exemplars import agreed, goes_as_named, kinds, select

CMU = {"source": "cmu", "file": "01_01", "license": "free", "credit": "CMU", "mirrored": False}
ACCAD = CMU | {"source": "accad", "file": "b", "license": "CC BY 3.0", "credit": "ACCAD"}


def entry(*actions: str, **more: object) -> dict[str, object]:
    return CMU | {"actions": list(actions), "action": "+".join(actions)} | more


@pytest.fixture
def data(tmp_path):
    """A walk and a raised hand, each with its mirrored copy, and both."""
    walk, hand = travel(3, forward=1.0), raise_hand(travel(2.5), 0)
    both = np.concatenate([walk, hand + walk[-1:, :1] * [1, 0, 1]])
    clips = {
        "1": (walk, ["a person walks", "a man walks ahead", "walk", "a person walks forward"], entry("walk")),
        "2": (
            hand,
            ["they put the left hand up", "raise the left hand"],
            entry("hand", people=["raise the left hand"]) | ACCAD,
        ),
        "C3": (
            both,
            ["a person walks and raises the left hand"],
            {"actions": ["walk", "hand"], "action": "walk+hand", "composed": "while", "mirrored": False}
            | {"sources": [["1", 0, 59], ["M2", 0, 49]]},
        ),
        "4": (travel(60), ["a person stands"], entry("stand")),  # longer than can be made
    }
    listing = {}
    for name in ("new_joint_vecs", "texts"):
        (tmp_path / "data" / name).mkdir(parents=True)
    for i, (joints, captions, about) in clips.items():
        copies = [(i, joints)] if i == "C3" else [(i, joints), (f"M{i}", mirror(joints))]
        for name, own in copies:
            motion = Motion(own.astype(np.float32), 20)
            np.save(tmp_path / "data" / "new_joint_vecs" / f"{name}.npy", motion.features)
            text = "".join(f"{caption}#a/DET#0.0#0.0\n" for caption in captions)
            (tmp_path / "data" / "texts" / f"{name}.txt").write_text(text)
            listing[name] = about | {"mirrored": name != i}
    (tmp_path / "data" / "clips.json").write_text(json.dumps(listing))
    (tmp_path / "data" / "train.txt").write_text("\n".join(listing))
    for name in ("Mean", "Std"):
        np.save(tmp_path / "data" / f"{name}.npy", np.ones(263, np.float32))
    return tmp_path / "data"


def test_a_checkpoint_gets_exemplars_that_its_own_latents_find(data, checkpoint, capsys):
    command = ["exemplars", "--checkpoint", str(checkpoint), "--data", str(data), "--strength", "0.3"]
    assert main(command) == 0
    assert "2 exemplars" in capsys.readouterr().out
    pipeline = RAMPipeline.from_pretrained(checkpoint)
    assert pipeline.scheduler.config.strength == 0.3
    walk, hand = pipeline.exemplars.config.motions  # and not both at a time
    assert (walk.name, walk.text, walk.sources) == ("cmu/01_01", "a person walks", ("cmu",))
    assert (hand.name, hand.text, hand.sources) == ("accad/b", "they put the left hand up", ("accad",))
    assert (walk.action, walk.side, walk.fps) == ("walk", "", 10)
    assert (hand.action, hand.side, hand.count) == ("hand", "left", 0)
    assert pipeline.exemplars.config.credits == {"cmu": "CMU (free)", "accad": "ACCAD (CC BY 3.0)"}
    joints = pipeline.exemplars.joints_of(0).numpy()
    height = (
        joints[:, 0, 1] - Motion.from_features(np.load(data / "new_joint_vecs" / "1.npy")).joints[::2, 0, 1]
    )
    assert np.abs(height).max() < 2e-3
    texts = pipeline.exemplars.latents[1, :, 1:]
    ours = pipeline.encode_text(["raise the left hand", "raise the right hand"])
    for side in (0, 1):
        assert (texts[side] - ours[side]).abs().amax(-1).min() < 1e-2
    motion = pipeline.encode_motion(Motion.from_features(np.load(data / "new_joint_vecs" / "2.npy")))[0]
    assert (pipeline.exemplars.latents[1, 0, 0] - motion).abs().max() < 1e-2
    (made,) = pipeline("walk", seed=0).motions
    assert made.settings["exemplars"][0]["credits"]


def test_captures_that_may_not_be_passed_on_are_left_out(data, checkpoint, capsys):
    command = ["exemplars", "--checkpoint", str(checkpoint), "--data", str(data), "--without"]
    assert main([*command, "accad"]) == 0
    exemplars = RAMPipeline.from_pretrained(checkpoint).exemplars.config
    assert [one.name for one in exemplars.motions] == ["cmu/01_01"]  # nor what was composed of them
    assert set(exemplars.credits) == {"cmu"}
    assert main([*command, "nobody"]) == 2
    assert "has no source nobody" in capsys.readouterr().err


def test_of_every_kind_those_are_selected_whose_captions_fit_best(monkeypatch):
    monkeypatch.setattr("training.exemplars._EACH", 2)
    listing = {f"w{i}": entry("walk") for i in range(5)}
    listing |= {"j": entry("jump"), "Mj": entry("jump", mirrored=True)}
    listing |= {f"t{i}": entry("walk", composed="tempo") for i in range(3)}
    listing |= {f"n{i}": entry("walk") for i in range(3)}
    listing |= {"while": entry("walk", "wave", composed="while"), "captured": entry("walk", "jump")}
    captions = {
        name: ["someone walks three times" if name[0] == "n" else "someone walks"] for name in listing
    }
    alignment = {name: float(name[-1]) if name[-1].isdigit() else 0.0 for name in listing}
    assert select(kinds(listing, captions).values(), alignment) == ["j", "n1", "n2", "t1", "t2", "w3", "w4"]


def test_what_all_captions_agree_about_is_claimed():
    assert agreed(count, ["jumps twice", "jumps", "two jumps"], 0) == 2
    assert agreed(count, ["jumps twice", "jumps three times"], 0) == 0
    assert agreed(count, ["jumps"], 0) == 0


def test_fast_movements_are_stored_at_more_frames(data, checkpoint):
    joints = np.load(data / "new_joint_vecs" / "2.npy")
    motion = Motion.from_features(joints)
    shaken = motion.joints.copy()
    shaken[::2, 20] += [0.0, 0.15, 0.0]
    np.save(data / "new_joint_vecs" / "2.npy", Motion(shaken, 20).features)
    assert main(["exemplars", "--checkpoint", str(checkpoint), "--data", str(data)]) == 0
    walk, hand = RAMPipeline.from_pretrained(checkpoint).exemplars.config.motions
    assert (walk.fps, hand.fps) == (10, 20)


def test_what_cannot_be_done_is_refused(data, checkpoint, capsys):
    before = (checkpoint / "model_index.json").read_text()
    (data / "clips.json").write_text("{}")
    assert main(["exemplars", "--checkpoint", str(checkpoint), "--data", str(data)]) == 2
    assert "no clip of the training split has an entry in clips.json" in capsys.readouterr().err
    assert main(["exemplars", "--checkpoint", "nowhere/x", "--data", str(data)]) == 2
    assert "expected a folder, into which exemplars are written" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["exemplars", "--checkpoint", str(checkpoint), "--data", str(data), "--strength", "2"])
    assert "'2' is not a number from 0 to 1" in capsys.readouterr().err
    assert (checkpoint / "model_index.json").read_text() == before


@pytest.mark.parametrize(
    ("action", "forward", "left", "named"),
    [
        ("sidestep", 0.2, 0.8, True),
        ("sidestep", 0.8, -0.5, False),
        ("walk_back", -0.7, 0.1, True),
        ("walk_back", 0.7, 0.1, False),
        ("walk", -0.7, 0.0, True),  # not a matter of this check
    ],
)
def test_a_clip_goes_the_way_that_its_action_says(action, forward, left, named):
    clip = Motion(travel(2, forward=forward, left=left).astype(np.float32), 20).features
    assert goes_as_named(action, clip) is named


@pytest.mark.parametrize(("turned", "named"), [(180, True), (-170, True), (290, False), (90, False)])
def test_a_turn_around_ends_facing_back(turned, named):
    joints = travel(3)
    angles = np.radians(turned * np.linspace(0, 1, len(joints)))[:, None]
    x, z = joints[..., 0].copy(), joints[..., 2].copy()
    joints[..., 0] = np.cos(angles) * x + np.sin(angles) * z
    joints[..., 2] = np.cos(angles) * z - np.sin(angles) * x
    assert goes_as_named("turn_around", Motion(joints.astype(np.float32), 20).features) is named
