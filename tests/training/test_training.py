"""Training end to end at small size: configuration, data, and a folder that the SDK loads."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from ram_sdk import RAMPipeline
from tests.training.tiny_training import CONFIGS, config
from training.config import load_config
from training.data.folder import MotionTextFolder
from training.dataset import Batches, CaptionStates, Clip, read_split, sampling_weights
from training.export import export
from training.loop import train
from training.run_folder import RunFolder


def test_every_configuration_file_is_valid():
    for path in sorted(CONFIGS.glob("*.yaml")):
        load_config(path)
    paper = load_config(CONFIGS / "humanml3d.yaml")
    assert (paper.batch_size, paper.max_steps, paper.optimizer.learning_rate) == (64, 450_000, 1e-4)
    assert (paper.objective.alignment, paper.objective.self_regularization, paper.objective.beta) == (
        1,
        0.5,
        0.01,
    )
    kit = load_config(CONFIGS / "kit.yaml")
    assert (kit.max_steps, kit.model.latent_dim, kit.min_frames) == (400_000, 192, 24)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("objective.bta=0.1", "tiny.yaml: unknown key objective.bta: did you mean objective.beta"),
        ("optimiser.learning_rate=1", "did you mean optimizer"),
        ("batch_size=many", "batch_size 'many': expected a whole number"),
        ("model.text_encoder=bert", "model.text_encoder 'bert': expected 'transformer' or 'pooled'"),
        ("batch_size", "write it as key=value"),
        ("model=3", "model 3: expected a group of keys"),
    ],
)
def test_bad_configuration(override, message):
    with pytest.raises(ValueError, match=message):
        config(override)


def test_clips_with_time_tags_and_nan(data, capsys):
    clips = read_split(MotionTextFolder(data), "train", 20)
    assert len(clips) == 14
    swings = [clip for clip in clips if clip.captions == ("someone swings",)]
    assert [len(clip.features) for clip in swings] == [24, 24]
    assert "broken.npy holds NaN" in capsys.readouterr().out


def batches(data, pipeline, *overrides) -> Batches:
    clips = read_split(MotionTextFolder(data), "train", 20)
    states = CaptionStates(
        [c for clip in clips for c in clip.captions], pipeline.text_backbone, data / ".captions"
    )
    mean, std = (torch.from_numpy(np.load(data / f"{name}.npy")).float() for name in ("Mean", "Std"))
    return Batches(clips, states, mean, std, config("seed=3", *overrides))


def test_batches_depend_on_seed_and_step_alone(data, pipeline):
    walked, jumped = batches(data, pipeline), batches(data, pipeline)
    for step in range(7):
        expected = walked.at(step)
    actual = jumped.at(6)
    torch.testing.assert_close(actual.motion, expected.motion, rtol=0, atol=0)
    torch.testing.assert_close(actual.text, expected.text, rtol=0, atol=0)
    assert not torch.equal(walked.at(0).motion, walked.at(1).motion)


def test_token_dropout_hides_a_share_of_tokens_but_never_the_first(data, pipeline):
    whole, thinned = batches(data, pipeline), batches(data, pipeline, "token_dropout=0.4")
    kept = total = 0
    for step in range(20):
        full, part = whole.at(step), thinned.at(step)
        torch.testing.assert_close(part.motion, full.motion, rtol=0, atol=0)
        assert part.text_mask[:, 0].all()
        assert not (part.text_mask & ~full.text_mask).any()
        torch.testing.assert_close(part.text, full.text * part.text_mask[..., None], rtol=0, atol=0)
        kept += int(part.text_mask[:, 1:].sum())
        total += int(full.text_mask[:, 1:].sum())
        halves = [thinned.at(step, share, 2).text_mask for share in (0, 1)]
        assert torch.equal(torch.cat(halves), part.text_mask)
    assert 0.5 < kept / total < 0.7


def test_batches_are_normalised_crops_of_multiples_of_four(data, pipeline):
    served = batches(data, pipeline)
    for step in range(6):
        batch = served.at(step)
        assert set((batch.motion_mask.sum(1) % 4).tolist()) == {0}
        assert batch.motion[~batch.motion_mask].abs().sum() == 0
        assert batch.motion_mask.shape[1] % 8 == 0
    whole = torch.cat([b.motion[b.motion_mask] for b in served.in_order()])
    assert len(whole) == sum(len(clip.features) for clip in read_split(MotionTextFolder(data), "train", 20))
    assert abs(float(whole.mean())) < 0.2


def test_an_epoch_sees_every_clip_once_unless_balanced(data, pipeline):
    served = batches(data, pipeline)
    order = np.concatenate(served._shuffle(np.random.default_rng(0)))
    assert len(set(order.tolist())) == len(order) == 12


def test_composed_clips_are_drawn_at_most_as_often_as_captured_ones_and_actions_evenly():
    features = np.zeros((40, 263), dtype=np.float32)

    def weights(*kinds, balance=1.0):
        clips = [Clip(features, ("",), action, composed) for action, composed, n in kinds for _ in range(n)]
        return sampling_weights(clips, balance, {"kick": 2.0})

    even = weights(("walk", False, 30), ("kick", False, 2))
    assert even[:30].sum() == pytest.approx(even[30:].sum() / 2)
    mixed = weights(("walk", False, 10), ("walk", True, 50), ("jump", True, 5), balance=0.0)
    assert mixed[:10].sum() == pytest.approx(mixed[10:].sum())
    few = weights(("walk", False, 10), ("walk", True, 2), balance=0.0)
    assert np.ptp(few) == 0


@pytest.mark.slow
def test_training_learns_and_exports_a_pipeline(data, tmp_path):
    settings = config("max_steps=150", "save_every=75", "sample_every=150", "optimizer.learning_rate=3e-3")
    train(settings, data, tmp_path / "run", cpu=True)
    validations = RunFolder(tmp_path / "run").read_log("val")
    training = RunFolder(tmp_path / "run").read_log("train")
    assert training[-1]["reconstruction"] < 0.6 * training[0]["reconstruction"]
    assert validations[-1]["generation"] < 0.75 * training[0]["generation"]
    latents = {"latent_cosine", "pair_cosine", "latent_distance"}
    assert latents | {"gradient_norm", "learning_rate", "steps_per_second", "data_wait"} < training[-1].keys()
    assert latents | {"retrieval", "alignment", "self_regularization", "total"} < validations[-1].keys()
    assert (tmp_path / "run" / "samples" / "step-150.png").is_file()

    (tmp_path / "limits.md").write_text("## Limits\n\nTennis only.\n")
    export(tmp_path / "run", data, tmp_path / "pipeline", notes=[tmp_path / "limits.md"])
    card = (tmp_path / "pipeline" / "README.md").read_text()
    assert f"| 150 | {validations[-1]['generation']:.3f} | {validations[-1]['reconstruction']:.3f} |" in card
    assert all(
        words in card for words in ("# pipeline", "13 training clips", "batch_size: 4", "Tennis only.")
    )
    for picture in ("losses.png", "sheet.png"):
        assert f"({picture})" in card
        assert Image.open(tmp_path / "pipeline" / picture).width > 700

    captured = tmp_path / "captured"  # the same set, which says where it comes from
    shutil.copytree(data, captured)
    clip = {"mirrored": False, "source": "club", "license": "CC BY-NC 4.0", "credit": "The tennis club.",
            "start_seconds": 0.0, "end_seconds": 36.0}  # fmt: skip
    ids = (captured / "train.txt").read_text().split()
    (captured / "clips.json").write_text(json.dumps(dict.fromkeys(ids, clip)))
    (captured / "sources.json").write_text(json.dumps({"titles": {"club": "Club"}, "terms": "Play only."}))
    export(tmp_path / "run", captured, tmp_path / "credited")
    card = (tmp_path / "credited" / "README.md").read_text()
    assert "license: cc-by-nc-4.0" in card
    assert "| Club (`club`) | CC BY-NC 4.0 | 13 | 0.13 |" in card
    assert "**Terms of use.** Play only." in card
    assert card.endswith("- The tennis club.\n")

    loaded = RAMPipeline.from_pretrained(tmp_path / "pipeline")
    motion = loaded("a person plays tennis", num_inference_steps=5, seed=0).motions[0]
    assert 20 <= len(motion) <= 60
    np.testing.assert_allclose(loaded.normalizer.mean, np.load(data / "Mean.npy"), rtol=1e-6)
    assert 0.3 < motion.joints[:, 15, 1].mean() < 2.5

    trained = f"initial_checkpoint={tmp_path / 'pipeline'}"
    train(config(trained, "max_steps=1", "log_every=1"), data, tmp_path / "more", cpu=True)
    first = RunFolder(tmp_path / "more").read_log("train")[0]
    assert first["generation"] < 0.75 * training[0]["generation"]
    for overrides, message in (
        ((trained, "model.latent_dim=8"), "the sizes of its denoiser differ"),
        (("initial_checkpoint=open-small",), "trained with other feature statistics than the data's"),
    ):
        with pytest.raises(ValueError, match=message):
            train(config(*overrides), data, tmp_path / "refused", cpu=True)
    assert not (tmp_path / "refused").exists()

    shutil.rmtree(tmp_path / "pipeline")
    train(config(trained, "max_steps=2"), data, tmp_path / "more", cpu=True)
    assert RunFolder(tmp_path / "more").newest()["step"] == 2


@pytest.mark.slow
def test_the_mdm_baseline_exports_a_pipeline_without_reg(data, tmp_path):
    baseline = ["model.text_encoder=pooled", "objective.reconstruction=0", "max_steps=2", "save_every=2"]
    baseline += ["tracker=tensorboard"]
    train(config(*baseline), data, tmp_path / "run", cpu=True)
    assert "reconstruction" not in RunFolder(tmp_path / "run").read_log("val")[0]
    assert list((tmp_path / "run").rglob("events.out.tfevents.*"))
    export(tmp_path / "run", data, tmp_path / "pipeline", half=True)
    weights = load_file(tmp_path / "pipeline" / "denoiser" / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    loaded = RAMPipeline.from_pretrained(tmp_path / "pipeline")
    assert loaded.motion_encoder is None
    motion = loaded("a person plays tennis", num_inference_steps=3, seed=0).motions[0]
    assert motion.settings["reg_scale"] == 0
    assert RAMPipeline.from_pretrained(tmp_path / "pipeline").denoiser.config.latent_dim == 384
    with pytest.raises(ValueError, match="pooled has no latent for a motion branch"):
        train(config("model.text_encoder=pooled"), data, tmp_path / "other", cpu=True)
