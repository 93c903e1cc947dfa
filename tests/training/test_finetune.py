"""Fine-tuning: the user's own motions and table of captions, and what a run writes."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk import Motion, RAMPipeline, RAMScheduler, SchedulerConfig
from ram_sdk.checkpoint.lora import NETWORKS
from ram_sdk.models import NormalizerConfig
from ram_sdk.skeleton.features import canonicalize, decode_features
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from tests.synthetic_kit import kit_joints
from training.commands.runner import main
from training.config import load_config
from training.data.captioned import CaptionedDataError, read_captioned
from training.dataset import Batches, CaptionStates
from training.finetune import finetune, read_prompts, rehearse

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "training" / "configs"
WALK = ROOT / "tests" / "fixtures" / "captures" / "accad" / "Male2_B10_WalkTurnLeft45.bvh"  # 30 fps
OFFICIAL = ROOT / "tests" / "data" / "humanml3d_012314.npz"
SHORT = ("max_steps=20", "save_every=5", "batch_size=3", "optimizer.learning_rate=3e-3")

PROMPTS = ["a person jumps", "a person kicks"]


@pytest.fixture
def data(tmp_path) -> Path:
    """Two motions: a capture's BVH file at 30 fps and a clip of HumanML3D's joints at 20 fps."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(WALK, folder / "walk.bvh")
    with np.load(OFFICIAL) as stored:
        np.save(folder / "tennis.npy", stored["joints"])
    write(folder, "walk.bvh,a person walks in a circle", "tennis.npy,a man jumps", "tennis.npy,someone kicks")
    return folder


def write(folder: Path, *rows: str, header: str = "file,caption") -> Path:
    (folder / "captions.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return folder / "captions.csv"


def read(pipeline: RAMPipeline, table: Path):
    return read_captioned(table, pipeline.normalizer.config, pipeline.text_backbone)


def problems(pipeline: RAMPipeline, table: Path) -> list[str]:
    with pytest.raises(CaptionedDataError) as caught:
        read(pipeline, table)
    return caught.value.problems


def decoded(features: np.ndarray) -> np.ndarray:
    return decode_features(torch.from_numpy(features).double()).numpy()


def test_reads_motions_at_the_checkpoints_frame_rate(pipeline, data):
    walk, tennis = read(pipeline, data / "captions.csv")
    assert walk.captions == ("a person walks in a circle",)
    assert tennis.captions == ("a man jumps", "someone kicks")
    expected = Motion.load(data / "walk.bvh").resample(20.0)
    assert walk.features.shape == (len(expected), 263)
    joints = canonicalize(torch.tensor(expected.joints).double()).numpy()
    np.testing.assert_allclose(decoded(walk.features), joints, atol=1e-4)
    with np.load(OFFICIAL) as stored:
        start = slice(0, 80)  # the smoothed heading of later frames depends on where the clip ends
        np.testing.assert_allclose(tennis.features[start], stored["features"][start], atol=1e-3)


def test_start_and_end_choose_a_part(pipeline, data):
    table = write(
        data,
        "tennis.npy,a man jumps,1,4",
        "tennis.npy,someone kicks,3.5,",
        "tennis.npy,a man turns,1,4.0",
        header="file, caption, start, end",
    )
    first, second = read(pipeline, table)
    assert first.captions == ("a man jumps", "a man turns")
    assert (len(first.features), len(second.features)) == (60, 100)
    joints = canonicalize(torch.from_numpy(np.load(data / "tennis.npy")[20:81]).double()).numpy()
    np.testing.assert_allclose(decoded(first.features), joints[:-1], atol=1e-3)


def test_bodies_of_other_proportions_land_on_the_uniform_skeleton(pipeline, data):
    joints = np.load(data / "tennis.npy")
    long_legs = joints * np.array((1.0, 1.15, 1.0)) * 100.0  # taller than wide, in centimetres
    np.save(data / "tennis.npy", long_legs)
    tennis = read(pipeline, data / "captions.csv")[1]
    placed = decoded(tennis.features)
    bones = np.linalg.norm(placed[:, 1:] - placed[:, list(HUMANML3D.parents[1:])], axis=-1)
    np.testing.assert_allclose(bones, np.broadcast_to(UNIFORM_BONE_LENGTHS, bones.shape), atol=1e-4)
    assert placed[..., 1].min() == pytest.approx(0.0, abs=1e-3)


def test_all_problems_are_listed_at_once(pipeline, data):
    (data / "dog.bvh").write_text(
        "HIERARCHY\nROOT Tail\n{\nOFFSET 0 0 0\nCHANNELS 3 Xrotation Yrotation Zrotation\nEnd Site\n{\n"
        "OFFSET 0 1 0\n}\n}\nMOTION\nFrames: 2\nFrame Time: 0.05\n0 0 0\n0 0 0\n"
    )
    np.save(data / "kit.npy", np.zeros((60, 21, 3)))
    np.save(data / "pose.npy", np.load(data / "tennis.npy")[:1])
    (data / "notes.txt").write_text("no motion")
    table = write(
        data,
        "walk.bvh,a person walks, slowly,",  # 2
        "wlak.bvh,a person walks",
        "tennis.npy,",
        "dog.bvh,a dog runs",
        "kit.npy,a person walks",
        "pose.npy,a person stands",
        "notes.txt,a person walks",
        "tennis.npy,a man jumps,0,1.5",
        "tennis.npy,a man jumps,2,9",
        "tennis.npy,a man jumps,soon,9",
        f"tennis.npy,{'word ' * 70}",
        header="file,caption,start,end",
    )
    found = problems(pipeline, table)
    for line, text in (
        (2, "start 'slowly' is not a number of seconds"),
        (3, "wlak.bvh: there is no such file; did you mean walk.bvh?"),
        (4, "the column caption is empty"),
        (5, "no person found"),
        (6, "the bone from left_hip to left_knee has no length"),
        (7, "it has only one frame"),
        (8, "cannot read"),
        (9, "1.50 s, the checkpoint takes 2 to 9.8 s: choose a part with the columns start and end"),
        (10, "2 to 9 s is not within its 8.50 s"),
        (11, "start 'soon' is not a number"),
        (12, "the caption has 72 tokens, at most 64 can be read"),
    ):
        assert any(p.startswith(f"line {line}: ") and text in p for p in found), (line, found)
    assert len(found) == 11


def test_kit_ml_is_learnt_on_humanml3d_s_skeleton(pipeline, data):
    np.save(data / "kit.npy", kit_joints(40))
    (clip,) = read(pipeline, write(data, "kit.npy,a person walks"))
    motion = Motion(kit_joints(40).astype(np.float32)).to_humanml3d().resample(20.0)
    joints = canonicalize(torch.tensor(motion.joints).double()).numpy()
    np.testing.assert_allclose(decoded(clip.features), joints, atol=1e-3)


def test_a_kit_ml_checkpoint_learns_kit_ml(pipeline, data):
    np.save(data / "kit.npy", kit_joints(40))
    np.save(data / "body.npy", np.load(data / "tennis.npy"))
    config = NormalizerConfig("kit-ml", num_features=251, fps=12.5, min_frames=24, max_frames=196)
    (clip,) = read_captioned(write(data, "kit.npy,a person walks"), config, pipeline.text_backbone)
    assert clip.features.shape == (40, 251)
    with pytest.raises(CaptionedDataError, match="it has 22 joints: the checkpoint needs the 21 of kit-ml"):
        read_captioned(write(data, "body.npy,a person walks"), config, pipeline.text_backbone)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((1.0, -1.0, 1.0), "the body stands along -y, not along y: it was rotated"),
        ((-1.0, 1.0, 1.0), "the toes point backwards: left and right joints are swapped"),
    ],
)
def test_what_would_be_learnt_wrong_is_a_problem(pipeline, data, change, message):
    np.save(data / "wrong.npy", np.load(data / "tennis.npy") * change)
    (problem,) = problems(pipeline, write(data, "wrong.npy,a man plays"))
    assert message in problem


def test_rate_and_up_axis_can_be_said(pipeline, data):
    joints = np.load(data / "tennis.npy")
    np.save(data / "z.npy", joints[:120, :, [0, 2, 1]] * (1, -1, 1))
    table = write(data, "z.npy,a man plays,30,z", header="file,caption,fps,up")
    (clip,) = read(pipeline, table)
    motion = Motion(joints[:120], 30.0).resample(20.0)
    expected = canonicalize(torch.tensor(motion.joints).double()).numpy()
    np.testing.assert_allclose(decoded(clip.features), expected, atol=1e-3)
    table = write(data, "z.npy,a man plays,fast,z", header="file,caption,fps,up")
    assert problems(pipeline, table) == ["line 2: fps 'fast' is not a number"]
    for rate, up, message in (("-3", "z", "fps -3"), ("30", "north", "up 'north': choose x, y, z")):
        (problem,) = problems(pipeline, write(data, f"z.npy,a,{rate},{up}", header="file,caption,fps,up"))
        assert message in problem


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        (
            "name;text",
            "walk.bvh;a walk",
            "no column file and no column caption: the first line is 'name;text'",
        ),
        ("file,text", "walk.bvh,a walk", "no column caption: the first line is 'file,text'"),
        (
            "file,caption",
            "walk.bvh,he walks, slowly",
            "more cells than columns: quote captions that contain commas",
        ),
        ("file,caption", "", "no rows below the header"),
    ],
)
def test_a_table_of_another_form_is_told(pipeline, data, header, row, message):
    assert message in problems(pipeline, write(data, row, header=header))[0]


@pytest.mark.parametrize("quote", ['"', ""])
@pytest.mark.parametrize("end", ['"', ""])
def test_a_cell_without_an_end_is_told_with_its_line(pipeline, data, quote, end):
    table = write(data, "walk.bvh,he walks", f"walk.bvh,{quote}{'very ' * 30_000}{end}", "walk.bvh,he runs")
    assert problems(pipeline, table) == ["line 3: field larger than field limit (131072)"]


def test_the_example_folder_is_whole(pipeline):
    clips = read(pipeline, ROOT / "examples" / "moves" / "captions.csv")
    assert [len(clip.captions) for clip in clips] == [3, 3, 3]


def learns(folder: Path) -> bool:
    """Whether the losses of the averaged weights, at fixed noise, fell from each validation to the next."""
    lines = [json.loads(line) for line in (folder / "run" / "log.jsonl").read_text().splitlines()]
    totals = [line["total"] for line in lines if line["split"] == "val"]
    return len(totals) == 4 and totals == sorted(totals, reverse=True)


@pytest.mark.slow
def test_full_run_writes_a_pipeline(pipeline, data, tmp_path):
    out = tmp_path / "out"
    before = {name: weight.clone() for name, weight in pipeline.denoiser.state_dict().items()}
    config = load_config(CONFIGS / "finetune.yaml", SHORT)
    assert finetune(pipeline, data / "captions.csv", out, config, None, PROMPTS, cpu=True)
    assert all(weight.equal(before[name]) for name, weight in pipeline.denoiser.state_dict().items())
    assert learns(out)
    tuned = RAMPipeline.from_pretrained(out)
    for name in NETWORKS:
        assert not any(
            here.equal(there)
            for here, there in zip(
                getattr(tuned, name).parameters(), getattr(pipeline, name).parameters(), strict=True
            )
        )
    for name in ("normalizer", "duration_estimator"):
        kept = getattr(pipeline, name).state_dict()
        assert all(weight.equal(kept[key]) for key, weight in getattr(tuned, name).state_dict().items())
    assert tuned.text_backbone.config == pipeline.text_backbone.config
    assert "fine-tuned on 2 clips" in (out / "README.md").read_text()
    assert not (out / "run" / "checkpoints").exists()
    with pytest.raises(ValueError, match="holds the result of an earlier run"):
        finetune(pipeline, data / "captions.csv", out, config, None, PROMPTS, cpu=True)


@pytest.mark.slow
def test_lora_run_writes_a_lora_for_its_base(checkpoint, data, tmp_path, capsys):
    out, other = tmp_path / "out", tmp_path / "other"
    (tmp_path / "prompts.txt").write_text("a person kicks\n\n")
    arguments = ["finetune", "--checkpoint", str(checkpoint), "--data", str(data), "--device", "cpu", *SHORT]
    arguments += ["--rehearse", str(tmp_path / "prompts.txt")]
    assert main([*arguments, "--out", str(out), "--lora", "4"]) == 0
    assert learns(out)
    pipe = RAMPipeline.from_pretrained(checkpoint)
    plain = {name: weight.clone() for name, weight in pipe.denoiser.state_dict().items()}
    pipe.load_lora(out)
    changed = {name for name, weight in pipe.denoiser.state_dict().items() if not weight.equal(plain[name])}
    assert "transformer.layers.1.feedforward_output.weight" in changed
    assert not any(name.endswith("bias") for name in changed)
    card = (out / "README.md").read_text()
    assert f'RAMPipeline.from_pretrained("{checkpoint}")\npipe.load_lora("<this' in card
    assert main([*arguments, "--out", str(other), "model.latent_dim=4"]) == 2
    assert "model belongs to the checkpoint" in capsys.readouterr().err
    write(data, "absent.bvh,a man jumps")
    assert main([*arguments, "--out", str(other)]) == 2
    assert "line 2: absent.bvh: there is no such file" in capsys.readouterr().err
    assert not other.exists()


def test_rehearses_what_the_checkpoint_makes(pipeline):
    clips = rehearse(pipeline, PROMPTS, seed=3)
    expected = pipeline(PROMPTS, seed=3).motions
    assert [clip.captions for clip in clips] == [(prompt,) for prompt in PROMPTS]
    for clip, motion in zip(clips, expected, strict=True):
        np.testing.assert_array_equal(clip.features, motion.features)
    assert len(read_prompts(CONFIGS / "rehearsal.txt")) == 16


def test_own_clips_are_half_of_what_is_drawn(pipeline, data, tmp_path):
    config = load_config(CONFIGS / "finetune.yaml")
    own, rehearsed = read(pipeline, data / "captions.csv"), rehearse(pipeline, PROMPTS * 3, seed=0)
    clips = [replace(clip, captions=clip.captions[:1]) for clip in own] + rehearsed
    backbone, normalizer = pipeline.text_backbone, pipeline.normalizer
    states = CaptionStates([clip.captions[0] for clip in clips], backbone, tmp_path)
    batches = Batches(clips, states, normalizer.mean, normalizer.std, config)
    texts = {clip.captions[0]: states[clip.captions[0]].float() for clip in own}
    drawn = []
    for batch in map(batches.at, range(100)):
        drawn += [text[mask] for text, mask in zip(batch.text, batch.text_mask, strict=True)]
    share = np.mean([any(t.shape == d.shape and t.equal(d) for t in texts.values()) for d in drawn])
    assert share == pytest.approx(0.5, abs=0.08)


def test_a_checkpoint_without_motion_encoder_is_tuned_without_it(pipeline, data, tmp_path):
    scheduler = RAMScheduler(SchedulerConfig(reg_scale=0.0))
    plain = RAMPipeline(**pipeline.components | {"motion_encoder": None, "scheduler": scheduler})
    config = load_config(CONFIGS / "finetune.yaml", ("max_steps=2",))
    assert finetune(plain, data / "captions.csv", tmp_path / "out", config, None, PROMPTS, cpu=True)
    assert RAMPipeline.from_pretrained(tmp_path / "out").motion_encoder is None
