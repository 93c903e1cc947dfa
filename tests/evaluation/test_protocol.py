"""What the protocol draws, and that the figures belong to it: each is computed again from its definition."""

import copy
import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk.models.matcher import Matcher, MatcherConfig
from ram_sdk.skeleton.features import canonicalize, encode_joints
from tests.synthetic_motion import natural_poses
from training.data.folder import feature_statistics
from training.evaluation.metrics import Moments, frechet_distance
from training.evaluation.open_evaluator import OpenEvaluator, OpenEvaluatorConfig, OpenEvaluatorNetwork
from training.evaluation.protocol import (
    GROUND_TRUTH,
    Evaluation,
    Protocol,
    Row,
    _pipeline_digest,
    generate,
)

CLIPS = 40
PROTOCOL = Protocol(replications=1, clips=32, multimodality_texts=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Forty motions in HumanML3D's layout, their numbers as captions."""
    folder = tmp_path_factory.mktemp("numbered")
    for name in ("new_joint_vecs", "texts"):
        (folder / name).mkdir()
    names = [f"{i:06d}" for i in range(CLIPS)]
    for i, name in enumerate(names):
        joints = canonicalize(natural_poses(50, seed=i).joints)
        np.save(folder / "new_joint_vecs" / f"{name}.npy", encode_joints(joints).float().numpy())
        (folder / "texts" / f"{name}.txt").write_text(f"{i}#{i}/NUM#0.0#0.0\n")
    (folder / "test.txt").write_text("\n".join(names) + "\n")
    mean, std = feature_statistics(sorted((folder / "new_joint_vecs").glob("*.npy")))
    np.save(folder / "Mean.npy", mean)
    np.save(folder / "Std.npy", std)
    return folder


@pytest.fixture(scope="module")
def evaluator(pipeline) -> OpenEvaluator:
    torch.manual_seed(3)
    backbone = pipeline.text_backbone
    config = OpenEvaluatorConfig(
        text_backbone=backbone.config.sha256, text_dim=32, width=32, feedforward=48, num_layers=1
    )
    return OpenEvaluator(OpenEvaluatorNetwork(config), backbone, "random")


def test_people_s_captions_alone(data, evaluator, tmp_path):
    own = shutil.copytree(data, tmp_path / "own")
    for path in sorted((own / "texts").glob("*.txt")):
        path.write_text(path.read_text() + f"a person does {path.stem}#a/DET#0.0#0.0\n")
    listing = {f"{i:06d}": {"people": [f"a person does {i:06d}"]} for i in range(33)}
    (own / "clips.json").write_text(json.dumps(listing))
    chosen = dataclasses.replace(PROTOCOL, people=True)
    evaluation = Evaluation(own, evaluator, tmp_path / "out", chosen)
    assert len(evaluation.clips) == 33
    assert all(sample.caption.text.startswith("a person does") for sample in evaluation.draw(0).samples)
    assert evaluation.setup["people"]
    (own / "clips.json").unlink()
    with pytest.raises(ValueError, match="no clip of split test has a caption that people wrote"):
        Evaluation(own, evaluator, tmp_path / "none", chosen)


@pytest.fixture
def evaluation(data, evaluator, tmp_path) -> Evaluation:
    return Evaluation(data, evaluator, tmp_path / "out", PROTOCOL)


def test_groups_of_r_precision_are_shuffled(evaluation):
    """Neighbours in the split's list are often alike; R-Precision cuts groups of 32 in the order drawn."""
    orders = [[int(s.caption.text) for s in evaluation.draw(number).samples] for number in (0, 1)]
    for order in orders:
        assert len(set(order)) == len(order) == 32
        assert max(order) >= 32  # from the whole split
        assert np.mean(np.diff(order) == 1) < 0.3
    assert orders[0] != orders[1]


def test_fid_compares_with_a_further_draw_of_all_clips(data, evaluator, tmp_path):
    """Of the same clips other crops, and of all clips even where fewer are drawn for the rows."""
    for protocol in (PROTOCOL, dataclasses.replace(PROTOCOL, clips=None)):
        draw = Evaluation(data, evaluator, tmp_path, protocol).draw(0)
        own = Moments.of(evaluator.embed(draw.samples)[1])
        assert draw.reference.count == CLIPS
        assert frechet_distance(own, own) < 1e-9
        assert frechet_distance(own, draw.reference) > 1e-6


def test_multimodality_is_of_motions_from_thirty_seeds(evaluation, evaluator, checkpoint, pipeline):
    row = Row("RAM", str(checkpoint), steps=1)
    draw = evaluation.draw(0)
    assert len(draw.repeat_seeds) == 30
    assert len(set(draw.repeat_seeds.tolist()) | set(draw.seeds.tolist())) == 30 + 32
    (results,) = evaluation.run([row])
    reported = results["RAM"][0]["metrics"]["multimodality"]
    sample = draw.samples[0]
    motions = pipeline(
        [sample.caption.text] * 30,
        len(sample.features),
        num_inference_steps=1,
        seed=[int(seed) for seed in draw.repeat_seeds],
        output_type="features",
    ).motions
    made = [dataclasses.replace(sample, features=motion.numpy()) for motion in motions]
    embedded = evaluator.embed(made)[1].double()
    distances = torch.cdist(embedded, embedded)
    assert distances.max() > 0
    assert 0 < reported <= float(distances.max()) * 1.001
    assert "multimodality" not in results[GROUND_TRUTH][0]["metrics"]


def test_rows_generate_with_their_settings(evaluation, pipeline):
    """As the same call of the pipeline does; REG at two timesteps differs from REG at all."""
    settings = {"reg_scale": 60.0, "cfg_scale": 2.0, "reg_timesteps": (46, 44), "sampler": "ddim"}
    row = Row("A", steps=20, timestep_spacing="linear", **settings)
    draw = evaluation.draw(0)
    ((places, (made,)),) = generate(row.with_settings(pipeline), row, draw.samples[:1], draw.seeds[:1], 1)
    arguments = {
        "prompt": draw.samples[0].caption.text,
        "num_frames": len(draw.samples[0].features),
        "seed": int(draw.seeds[0]),
        "output_type": "features",
    }
    expected = pipeline(**arguments, num_inference_steps=20, **settings).motions[0].numpy()
    everywhere = pipeline(**arguments, num_inference_steps=20, **{**settings, "reg_timesteps": None}).motions[
        0
    ]
    assert list(places) == [0]
    np.testing.assert_allclose(made.features, expected, atol=1e-5)
    assert np.abs(everywhere.numpy() - expected).max() > 1e-3


def test_calibration_does_not_change_the_hash_of_a_checkpoint(pipeline):
    calibrated = copy.copy(pipeline)
    calibrated.matcher = Matcher(MatcherConfig(scale=8.0, bias=-2.0))
    assert _pipeline_digest(calibrated) == _pipeline_digest(pipeline)
