"""The evaluation protocol end to end: a small random checkpoint, a small random evaluator, all metrics."""

import copy
import dataclasses
import json
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch

from ram_sdk import RAMPipeline, RAMScheduler
from ram_sdk.skeleton.features import canonicalize, encode_joints
from tests.synthetic_motion import natural_poses
from training.data.folder import feature_statistics
from training.evaluation import aits
from training.evaluation.evaluate import evaluate, load_evaluator
from training.evaluation.metrics import Interval, r_precision
from training.evaluation.open_evaluator import OpenEvaluator, OpenEvaluatorConfig, OpenEvaluatorNetwork
from training.evaluation.protocol import GROUND_TRUTH, Evaluation, Protocol, Row, generate

pytestmark = pytest.mark.slow

CLIPS = 36
WORDS = ("walks", "runs", "jumps", "waves", "kicks", "turns left")
QUICK = Protocol(replications=2, clips=33, multimodality_texts=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Smooth motions of several lengths with captions, in HumanML3D's layout, with actions."""
    folder = tmp_path_factory.mktemp("motions")
    for name in ("new_joint_vecs", "texts"):
        (folder / name).mkdir()
    about = {}
    for i in range(CLIPS):
        joints = canonicalize(natural_poses(42 + i % 5, seed=i).joints)
        np.save(folder / "new_joint_vecs" / f"{i:06d}.npy", encode_joints(joints).float().numpy())
        text = f"a person {WORDS[i % len(WORDS)]}"
        tagged = " ".join(f"{word}/X" for word in text.split())
        (folder / "texts" / f"{i:06d}.txt").write_text(f"{text}#{tagged}#0.0#0.0\n")
        about[f"{i:06d}"] = {"action": WORDS[i % len(WORDS)]}
    (folder / "test.txt").write_text("\n".join(about) + "\n")
    (folder / "clips.json").write_text(json.dumps(about))
    mean, std = feature_statistics(sorted((folder / "new_joint_vecs").glob("*.npy")))
    np.save(folder / "Mean.npy", mean)
    np.save(folder / "Std.npy", std)
    return folder


@pytest.fixture(scope="module")
def evaluator(pipeline):
    torch.manual_seed(3)
    backbone = pipeline.text_backbone
    config = OpenEvaluatorConfig(
        text_backbone=backbone.config.sha256, text_dim=32, width=32, feedforward=48, num_layers=1
    )
    return OpenEvaluator(OpenEvaluatorNetwork(config), backbone, "random")


def test_rows_stand_beside_the_ground_truth(data, evaluator, checkpoint, tmp_path):
    rows = [
        Row("REG and CFG", str(checkpoint), reg_scale=5, cfg_scale=1.5, steps=2),
        Row("none", str(checkpoint), reg_scale=0, cfg_scale=0, steps=2),
        Row("the same", str(checkpoint), reg_scale=0, cfg_scale=0, steps=2),
    ]
    summary = evaluate(rows, data, evaluator, tmp_path / "out", QUICK)
    assert list(summary["rows"]) == [GROUND_TRUTH, "REG and CFG", "none", "the same"]
    assert (summary["clips"], summary["replications"], summary["seed"]) == (33, 2, 0)
    truth, guided, plain, same = (row["metrics"] for row in summary["rows"].values())
    assert plain == same  # rows share captions, lengths and seeds
    assert guided["fid"]["values"] != plain["fid"]["values"]
    assert truth["fid"]["mean"] < plain["fid"]["mean"]
    assert truth["jerk"]["mean"] < plain["jerk"]["mean"]
    assert truth["action_r_precision_1"]["mean"] > truth["r_precision_1"]["mean"]
    assert {"r_precision_3", "mm_dist", "diversity", "multimodality", "bone_length_error"} <= plain.keys()
    assert "multimodality" not in truth
    assert plain["fid"]["values"][0] != plain["fid"]["values"][1]  # each replication has its own seeds
    report = (tmp_path / "out" / "metrics.md").read_text()
    for part in ("n = 33", "36 real ones", "2 replication", "seed 0", "torch", "random", "| ground truth |"):
        assert part in report
    pairs = zip(plain["fid"]["values"], guided["fid"]["values"], strict=True)
    difference = Interval.of([a - b for a, b in pairs])
    paired = report.split("Differences from REG and CFG")[1]
    for name in ("none", "the same"):
        assert f"| {name} | {difference} |" in paired
    assert json.loads((tmp_path / "out" / "metrics.json").read_text()) == json.loads(json.dumps(summary))


def test_replications_are_kept_and_not_mixed(data, evaluator, checkpoint, tmp_path):
    row = Row("RAM", str(checkpoint), steps=1)
    protocol = dataclasses.replace(QUICK, multimodality_texts=0)
    first = evaluate([row], data, evaluator, tmp_path, protocol)
    stored = tmp_path / "replications" / "RAM" / "00.json"
    content = json.loads(stored.read_text())
    content["metrics"]["fid"] = 1234.5
    stored.write_text(json.dumps(content))
    (tmp_path / "replications" / "RAM" / "01.json").unlink()
    second = evaluate([row], data, evaluator, tmp_path, protocol, batch_size=5)
    values = second["rows"]["RAM"]["metrics"]["fid"]["values"]
    assert values[0] == 1234.5  # read, not computed again
    assert values[1] == pytest.approx(first["rows"]["RAM"]["metrics"]["fid"]["values"][1], rel=1e-3)
    with pytest.raises(ValueError, match="another seed: choose another --out"):
        evaluate([row], data, evaluator, tmp_path, dataclasses.replace(protocol, seed=1))
    with pytest.raises(ValueError, match="another row: choose another --out"):
        evaluate([dataclasses.replace(row, cfg_scale=3.0)], data, evaluator, tmp_path, protocol)
    with pytest.raises(ValueError, match="give every row a unique name"):
        evaluate([row, row], data, evaluator, tmp_path, protocol)


def test_generation_does_not_depend_on_batches(data, evaluator, pipeline, tmp_path):
    evaluation = Evaluation(data, evaluator, tmp_path, QUICK)
    draw = evaluation.draw(0)
    row = Row("RAM", steps=2).resolved(pipeline)
    motions = []
    for size in (3, 7):
        made = {
            place: sample
            for places, samples in generate(pipeline, row, draw.samples[:7], draw.seeds[:7], size)
            for place, sample in zip(places, samples, strict=True)
        }
        motions.append([made[i] for i in range(7)])
    for small, large, real in zip(*motions, draw.samples, strict=False):
        assert small.caption is real.caption
        assert small.features.shape == real.features.shape
        np.testing.assert_allclose(small.features, large.features, atol=1e-4)


def test_a_checkpoint_without_motion_encoder_runs_without_reg(data, evaluator, pipeline, tmp_path):
    parts = {**pipeline.components, "motion_encoder": None}
    RAMPipeline(**parts).save_pretrained(tmp_path / "mdm")
    row = Row("MDM", str(tmp_path / "mdm"), steps=2)
    summary = evaluate(
        [row], data, evaluator, tmp_path / "out", Protocol(replications=1, clips=32, multimodality_texts=0)
    )
    settings = summary["rows"]["MDM"]["settings"]
    assert "±" not in (tmp_path / "out" / "metrics.md").read_text().partition("|")[2]  # of one replication
    assert (settings["reg_scale"], settings["cfg_scale"]) == (0.0, 1.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("open-small", "write it as NAME=CHECKPOINT"),
        ("ground truth=open-small", "write it as NAME=CHECKPOINT"),
        ("A=open-small,guidance=2", "unknown setting 'guidance', use reg_scale, cfg_scale, steps"),
        ("A=open-small,steps=many", "'steps=many' is not a number"),
    ],
)
def test_bad_rows(text, message):
    with pytest.raises(ValueError, match=message):
        Row.parse(text)


@pytest.mark.parametrize("command", ["evaluate", "aits"])
def test_commands_say_in_one_line_what_is_wrong(command, data, tmp_path):
    asked = ["--data", data, "--out", tmp_path / "out", "--row", "A=open-tiny"]
    ended = subprocess.run(
        [sys.executable, "-m", "training", command, *asked], capture_output=True, text=True
    )
    assert ended.returncode == 2
    wrong = f"{command}: no checkpoint at 'open-tiny': give 'open-free-small' or 'open-small'"
    assert ended.stderr.startswith(wrong)
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "out" / "aits.json").exists()


def test_rows_are_read_from_text():
    assert Row.parse("REG, early=org/name".replace(", ", " ")) == Row("REG early", "org/name")
    parsed = Row.parse("A=open-small,reg_scale=3,cfg_scale=0,steps=10,reg_timesteps=46+44")
    assert parsed == Row("A", "open-small", 3.0, 0.0, 10, (46, 44))


def test_a_rows_sampler_and_spacing_replace_the_checkpoints(checkpoint):
    row = Row.parse(f"A={checkpoint},sampler=ddim,timestep_spacing=noisy_first")
    pipeline = row.load("cpu")
    config = pipeline.scheduler.config
    assert (config.sampler, config.timestep_spacing, config.reg_scale) == ("ddim", "noisy_first", 5.0)
    filled = {"reg_scale": 5.0, "cfg_scale": 1.5, "steps": 20, "strength": 1.0}
    assert row.resolved(pipeline) == dataclasses.replace(row, **filled)
    plain = Row("B", str(checkpoint))
    resolved = plain.resolved(plain.load("cpu"))
    assert (resolved.sampler, resolved.timestep_spacing) == ("ddpm", "linear")
    with pytest.raises(ValueError, match="sampler 'euler': use one of ddpm, ddim"):
        Row.parse(f"A={checkpoint},sampler=euler").load("cpu")


def test_aits_is_measured_sentence_by_sentence(data, checkpoint, tmp_path):
    row = Row("RAM", str(checkpoint), steps=1)
    summary = aits.measure([row], data, tmp_path, sentences=3, batch_sizes=[4])
    assert summary["sentences"] == 3
    assert summary["rows"]["RAM"]["aits"] > 0
    assert summary["rows"]["RAM"]["motions_per_second"][4] > 0
    assert "motions/s, batch 4" in (tmp_path / "aits.md").read_text()


def test_evaluators_are_found_by_name_and_folder(data, tmp_path):
    assert load_evaluator("open", data).name == "open"
    with pytest.raises(FileNotFoundError):
        load_evaluator(str(tmp_path), data)


def test_real_actions_make_label_aware_precision_higher(data, evaluator, tmp_path):
    evaluation = Evaluation(data, evaluator, tmp_path, QUICK)
    draw = evaluation.draw(0)
    text, motion = evaluator.embed(draw.samples)
    own, action = r_precision(text, motion), r_precision(text, motion, labels=draw.actions)
    assert (action >= own).all()
    assert action[0] > own[0]


@pytest.mark.parametrize(
    ("part", "counts"),
    [("denoiser", True), ("motion_encoder", True), ("text_encoder", True), ("normalizer", True),
     ("text_backbone", True), ("scheduler", True), ("duration_estimator", False)],
)  # fmt: skip
def test_results_belong_to_every_part_that_a_motion_depends_on(
    part, counts, data, evaluator, pipeline, tmp_path
):
    """Another part gives other results: those of the one before are refused, not mistaken for its own."""
    pipeline.save_pretrained(tmp_path / "checkpoint")
    row = Row("A", str(tmp_path / "checkpoint"), steps=1)
    protocol = dataclasses.replace(QUICK, replications=1, multimodality_texts=0)
    evaluate([row], data, evaluator, tmp_path / "out", protocol)
    other = pipeline.components[part]
    if part == "scheduler":
        other = RAMScheduler.from_config(other, num_train_timesteps=60)
    elif part == "text_backbone":
        other = copy.copy(other)
        other.config = dataclasses.replace(other.config, revision="another")
    else:
        other = copy.deepcopy(other)
        with torch.no_grad():
            next(iter(other.state_dict().values())).add_(0.01)
    RAMPipeline(**pipeline.components | {part: other}).save_pretrained(tmp_path / "checkpoint")
    again = partial(evaluate, [row], data, evaluator, tmp_path / "out", protocol)
    if counts:
        with pytest.raises(ValueError, match="was made with another row"):
            again()
    else:
        again()
