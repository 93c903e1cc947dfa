"""The open evaluator: what its towers read, how it learns, and what the weights that come with it know."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk import Motion
from ram_sdk.checkpoint import shipped_text_backbone
from ram_sdk.skeleton.features import canonicalize, decode_features, encode_joints
from ram_sdk.skeleton.joints import HUMANML3D
from tests.synthetic_clips import raise_hand, standing, travel
from tests.synthetic_motion import natural_poses
from training.data.folder import Caption, feature_statistics
from training.evaluation import train_evaluator
from training.evaluation.clips import LabelledClip, action_of, content_words, draw, fits
from training.evaluation.evaluator import Sample
from training.evaluation.metrics import frechet_distance, r_precision
from training.evaluation.open_evaluator import (
    OPEN,
    OpenEvaluator,
    OpenEvaluatorConfig,
    OpenEvaluatorNetwork,
    motion_channels,
    save,
)
from training.evaluation.sanity import NOISE, corrupted
from training.evaluation.train_evaluator import contrastive

SMALL = OpenEvaluatorConfig(text_dim=32, width=32, feedforward=48, num_layers=1, embedding_dim=16)


def caption(text: str) -> Caption:
    return Caption(text, tuple(f"{word}/X" for word in text.split()), 0.0, 0.0)


def features(joints: np.ndarray) -> np.ndarray:
    return encode_joints(canonicalize(torch.from_numpy(joints).double())).float().numpy()


@pytest.fixture(scope="module")
def shipped() -> OpenEvaluator:
    return OpenEvaluator.load(OPEN, shipped_text_backbone())


@pytest.fixture(scope="module")
def natural() -> list[Sample]:
    """Smooth motions, all different."""
    joints = [natural_poses(61, seed).joints.numpy() for seed in range(64)]
    return [Sample(caption("a person moves"), features(clip)) for clip in joints]


def test_the_motion_tower_reads_velocities_from_the_heading():
    turning = features(travel(3.0, forward=1.2, turn=120))
    channels = motion_channels(torch.from_numpy(turning), HUMANML3D)
    velocities = channels[:, 67:].unflatten(1, (22, 3)) * HUMANML3D.fps
    assert channels.shape == (len(turning) - 1, OpenEvaluatorConfig().num_channels)
    assert velocities[:, 0].mean(0).tolist() == pytest.approx([0.0, 0.0, 1.2], abs=0.05)
    assert (velocities[..., 2] > 0.5).all()  # nobody moves backwards, wherever the world's +Z is


def test_the_motion_tower_does_not_read_what_joints_do_not_show(natural):
    blind = natural[0].features.copy()
    blind[:, 67:] = 0.0
    seen = [motion_channels(torch.from_numpy(x), HUMANML3D) for x in (natural[0].features, blind)]
    torch.testing.assert_close(*seen)
    joints = decode_features(torch.from_numpy(blind).double())
    speed = (joints[1:] - joints[:-1]).norm(dim=-1)
    torch.testing.assert_close(seen[0][:, 67:].unflatten(1, (22, 3)).norm(dim=-1).double(), speed)


def test_neither_padding_nor_order_changes_an_embedding(pipeline, natural):
    torch.manual_seed(0)
    config = dataclasses.replace(SMALL, text_backbone=pipeline.text_backbone.config.sha256)
    evaluator = OpenEvaluator(OpenEvaluatorNetwork(config), pipeline.text_backbone)
    texts = ("a person walks", "a man runs in place slowly", "someone jumps")
    samples = [
        Sample(caption(text), natural[i].features[:length])
        for i, (text, length) in enumerate(zip(texts, (21, 60, 42), strict=True))
    ]
    text, motion = evaluator.embed(samples)
    for i, sample in enumerate(samples):
        alone = OpenEvaluator(evaluator.network, pipeline.text_backbone).embed([sample])
        torch.testing.assert_close(alone[0][0], text[i], atol=1e-4, rtol=0)
        torch.testing.assert_close(alone[1][0], motion[i], atol=1e-4, rtol=0)
    assert len(text.unique(dim=0)) == len(motion.unique(dim=0)) == 3


def test_an_evaluator_survives_its_files_and_refuses_another_backbone(pipeline, natural, tmp_path):
    config = dataclasses.replace(SMALL, text_backbone=pipeline.text_backbone.config.sha256)
    network = OpenEvaluatorNetwork(config).eval()
    save(network, tmp_path / "evaluator")
    loaded = OpenEvaluator.load(tmp_path / "evaluator", pipeline.text_backbone)
    with torch.no_grad():
        expected = network.embed_motions([motion_channels(torch.from_numpy(natural[0].features), HUMANML3D)])
    torch.testing.assert_close(loaded.embed(natural[:1])[1], expected)
    save(OpenEvaluatorNetwork(SMALL), tmp_path / "other")
    with pytest.raises(ValueError, match="needs token states of the text backbone"):
        OpenEvaluator.load(tmp_path / "other", pipeline.text_backbone)


def test_captions_of_the_same_content_fit_the_same_clips():
    assert content_words(caption("the man is raising his left hand")) == {"raising", "left", "hand"}
    clips = [
        LabelledClip(np.zeros((40, 263), np.float32), tuple(caption(text) for text in texts), "")
        for texts in (("a person walks", "a man walks slowly"), ("someone walks",), ("a person walks left",))
    ]
    asked = [caption("the figure walks"), caption("a person walks slowly"), caption("a person walks left")]
    expected = [[True, True, False], [True, False, False], [False, False, True]]
    assert fits(asked, clips).tolist() == expected


def test_a_mirrored_clip_is_called_by_its_other_side():
    assert action_of({"action": "wave left hand", "mirrored": True}) == "wave right hand"
    assert action_of({"action": "wave left hand", "mirrored": False}) == "wave left hand"
    assert action_of({}) == ""


def test_draws_are_crops_of_whole_units():
    clip = LabelledClip(np.arange(90, dtype=np.float32)[:, None], (caption("a"), caption("b")), "")
    drawn = [draw(clip, np.random.default_rng(i)) for i in range(60)]
    assert {len(sample.features) for sample in drawn} == {84, 88}
    assert {sample.caption.text for sample in drawn} == {"a", "b"}
    assert all((np.diff(sample.features[:, 0]) == 1).all() for sample in drawn)


def test_captions_that_fit_are_no_negatives():
    text = torch.eye(3)
    motion = torch.tensor([[1.0, 0, 0], [1.0, 0, 0], [0, 0, 1.0]])
    everything = torch.ones(3, 3, dtype=torch.bool)
    fitting = everything.clone()
    fitting[0, 1] = fitting[1, 0] = False
    assert contrastive(text, motion, everything) > contrastive(text, motion, fitting) + 0.1
    perfect = contrastive(text, text, everything)
    assert 0 <= perfect < 1e-4


def write_folder(folder: Path, clips: int) -> Path:
    """Walkers and wavers in HumanML3D's layout, the same in both splits."""
    for name in ("new_joint_vecs", "texts"):
        (folder / name).mkdir(parents=True)
    ids = [f"{i:06d}" for i in range(clips)]
    for i, name in enumerate(ids):
        waving = raise_hand(standing(2.3), side=i % 4 // 2, waves=1 + i % 3)
        walking = travel(2.3, forward=0.5 + i / clips, turn=(-60, 60)[i % 4 // 2])
        np.save(folder / "new_joint_vecs" / f"{name}.npy", features(waving if i % 2 else walking))
        side = ("left", "right")[i % 4 // 2]
        text = f"a person waves the {side} hand" if i % 2 else f"a person walks and turns {side}"
        words = " ".join(f"{word}/X" for word in text.split())
        (folder / "texts" / f"{name}.txt").write_text(f"{text}#{words}#0.0#0.0\n")
    for split in ("train", "val", "test"):
        (folder / f"{split}.txt").write_text("\n".join(ids) + "\n")
    mean, std = feature_statistics(sorted((folder / "new_joint_vecs").glob("*.npy")))
    np.save(folder / "Mean.npy", mean)
    np.save(folder / "Std.npy", std + 1e-3)
    return folder


@pytest.mark.slow
def test_training_learns_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(train_evaluator, "_STEPS", 30)
    monkeypatch.setattr(train_evaluator, "_WARMUP", 2)
    monkeypatch.setattr(train_evaluator, "_LEARNING_RATE", 3e-3)
    monkeypatch.setattr(train_evaluator, "_VALIDATE_EVERY", 10)
    monkeypatch.setattr(train_evaluator, "OpenEvaluatorConfig", small_config)
    data = write_folder(tmp_path / "data", 32)
    train_evaluator.train(data, tmp_path / "whole")
    log = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [10, 20, 30]
    assert log[2]["loss"] < 0.8 * log[0]["loss"]
    assert log[2]["own@3"] > 1.5 * 3 / 32  # of chance; eight clips share each caption

    step = train_evaluator.Run.train_step

    def stop_at_22(run, *batch):
        if run.step == 22:
            raise KeyboardInterrupt
        return step(run, *batch)

    monkeypatch.setattr(train_evaluator.Run, "train_step", stop_at_22)
    with pytest.raises(KeyboardInterrupt):
        train_evaluator.train(data, tmp_path / "halves")
    monkeypatch.setattr(train_evaluator.Run, "train_step", step)
    train_evaluator.train(data, tmp_path / "halves")
    whole, halves = (
        torch.load(tmp_path / run / "state.pt", weights_only=True)["network"] for run in ("whole", "halves")
    )
    assert all(torch.equal(whole[key], halves[key]) for key in whole)


def small_config(*arguments):
    return dataclasses.replace(
        OpenEvaluatorConfig(*arguments), width=32, feedforward=48, num_layers=1, embedding_dim=16
    )


def test_the_shipped_weights_know_sides_and_walking(shipped):
    motions = {
        "a person raises the left hand": raise_hand(standing(4), side=0),
        "a person raises the right hand": raise_hand(standing(4), side=1),
        "a person walks forward": travel(4, forward=1.2),
    }
    samples = [Sample(caption(text), features(joints)) for text, joints in motions.items()]
    text, motion = shipped.embed(samples)
    assert torch.cdist(text, motion).argmin(1).tolist() == [0, 1, 2]
    torch.testing.assert_close(motion.norm(dim=-1), torch.full((3,), 10.0))


@pytest.mark.slow
def test_noise_raises_the_shipped_evaluators_fid(shipped, natural):
    rng = np.random.default_rng(0)
    clean = shipped.embed(natural)[1]
    half = frechet_distance(clean[:32], clean[32:])
    noisy = [
        frechet_distance(clean, shipped.embed([corrupted(s, spoil, rng) for s in natural])[1])
        for spoil in NOISE.values()
    ]
    assert noisy == sorted(noisy)
    assert noisy[-1] > 2 * half


def test_shuffled_captions_are_chance(shipped, natural):
    torch.manual_seed(0)
    motion = shipped.embed(natural)[1]
    text = torch.nn.functional.normalize(torch.randn_like(motion), dim=-1) * 10
    shares = [r_precision(text[torch.randperm(64)], motion)[0] for _ in range(60)]
    assert float(torch.stack(shares).mean()) == pytest.approx(1 / 32, abs=0.008)
    assert float(r_precision(motion, motion)[0]) == 1.0


def test_a_corrupted_sample_keeps_caption_and_length(natural):
    sample = corrupted(natural[0], NOISE["noise of 10 mm"], np.random.default_rng(0))
    before, after = (Motion.from_features(s.features).joints for s in (natural[0], sample))
    assert sample.caption is natural[0].caption
    assert before.shape == after.shape
    assert np.linalg.norm(after - before, axis=-1).mean() < 0.2
