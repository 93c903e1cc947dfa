"""The latent space: what is encoded, mixed and compared, and that latents make motions."""

import dataclasses

import numpy as np
import pytest
import torch

from ram_sdk import Motion, RAMPipeline
from ram_sdk.control.timeline import Kept
from ram_sdk.models import Matcher, MatcherConfig


@pytest.fixture(scope="module")
def calibrated(pipeline) -> RAMPipeline:
    return RAMPipeline(**pipeline.components | {"matcher": Matcher(MatcherConfig(5.0, 0.0))})


@pytest.fixture(scope="module")
def motions(pipeline) -> list[Motion]:
    return pipeline(["a person jumps", "someone walks"], [40, 64], num_inference_steps=2, seed=1).motions


def test_motion_latents_are_those_of_each_alone(pipeline, motions):
    together = pipeline.encode_motion(motions)
    assert together.shape == (2, 16)
    for z, motion in zip(together, motions, strict=True):
        torch.testing.assert_close(z, pipeline.encode_motion(motion)[0], atol=1e-5, rtol=0)
    features = pipeline.normalizer.normalize(torch.from_numpy(motions[0].features))
    torch.testing.assert_close(together[0], pipeline.motion_encoder(features[None])[0], atol=1e-5, rtol=0)


def test_motions_are_resampled_to_the_checkpoints_rate(pipeline, motions):
    smooth = dataclasses.replace(motions[1].smooth(1.0))
    other = pipeline.encode_motion(smooth.resample(40.0))
    torch.testing.assert_close(other, pipeline.encode_motion(smooth), atol=0.1, rtol=0)


def test_latents_of_a_text_make_its_motion(pipeline):
    z = pipeline.encode_text(["a person jumps", "someone walks"])
    own = pipeline(["a person jumps", "someone walks"], 40, num_inference_steps=2, seed=4).motions
    again = pipeline(latents=z, num_frames=40, num_inference_steps=2, seed=4).motions
    for a, b in zip(own, again, strict=True):
        np.testing.assert_array_equal(a.joints, b.joints)
        assert b.prompt is None


def test_reconstruct_samples_with_the_motions_latent(pipeline, motions):
    again = pipeline.reconstruct(motions[1], seed=3)
    z = pipeline.encode_motion(motions[1])
    np.testing.assert_array_equal(again.joints, pipeline(latents=z, num_frames=64, seed=3).motions[0].joints)
    assert len(again) == 64


def test_interpolation_holds_its_ends_and_turns_evenly(pipeline, motions):
    way = pipeline.interpolate("a person jumps", motions[0], steps=5).double()
    torch.testing.assert_close(way[:1].float(), pipeline.encode_text("a person jumps"), atol=1e-5, rtol=0)
    torch.testing.assert_close(way[-1:].float(), pipeline.encode_motion(motions[0]), atol=1e-5, rtol=0)
    unit = torch.nn.functional.normalize(way, dim=-1)
    angles = (unit[1:] * unit[:-1]).sum(-1).acos()
    torch.testing.assert_close(angles, angles[:1].expand(4), atol=1e-4, rtol=0)


def test_similarity_is_the_calibrated_cosine(calibrated, motions):
    z_t, z_m = calibrated.encode_text("a person jumps"), calibrated.encode_motion(motions[0])
    cosine = torch.nn.functional.cosine_similarity(z_t, z_m)
    expected = float(torch.sigmoid(5.0 * cosine))
    assert calibrated.similarity("a person jumps", motions[0]) == pytest.approx(expected, abs=1e-6)


def test_calibration_is_kept_with_the_checkpoint_and_may_be_missing(calibrated, pipeline, motions, tmp_path):
    calibrated.save_pretrained(tmp_path / "a")
    assert RAMPipeline.from_pretrained(tmp_path / "a").matcher.config == MatcherConfig(5.0, 0.0)
    pipeline.save_pretrained(tmp_path / "b")
    without = RAMPipeline.from_pretrained(tmp_path / "b")
    with pytest.raises(ValueError, match=r"training calibrate"):
        without.similarity("a person jumps", motions[0])


def test_bad_requests_are_refused(pipeline, motions):
    z = pipeline.encode_text("a person jumps")
    with pytest.raises(ValueError, match="give num_frames or duration"):
        pipeline(latents=z)
    with pytest.raises(ValueError, match="give num_frames or duration"):
        pipeline(latents=z, num_frames=[None])
    with pytest.raises(ValueError, match=r"latents of shape \(1, 5\)"):
        pipeline(latents=z[:, :5], num_frames=40)
    with pytest.raises(ValueError, match="NaN"):
        pipeline(latents=z * float("nan"), num_frames=40)
    with pytest.raises(TypeError, match="no prompt"):
        pipeline()
    with pytest.raises(ValueError, match=r"motion\[:196\]"):
        pipeline.encode_motion(Motion(np.repeat(motions[0].joints, 6, axis=0)))
    with pytest.raises(ValueError, match="at least 2"):
        pipeline.interpolate("a person jumps", "someone walks", steps=1)
    baseline = RAMPipeline(**pipeline.components | {"motion_encoder": None})
    with pytest.raises(ValueError, match="no motion encoder"):
        baseline.encode_motion(motions)


def test_what_is_no_motion_is_refused_in_one_line(pipeline):
    for call in (
        pipeline.reconstruct,
        pipeline.encode_motion,
        lambda what: pipeline.similarity("a person walks", what),
        lambda what: pipeline.encode_motion([what]),
    ):
        with pytest.raises(TypeError, match=r"motion 'walk\.npz': expected a Motion; a file is") as caught:
            call("walk.npz")
        assert "\n" not in str(caught.value)
    for nothing in ([], 3, np.array(3)):
        with pytest.raises(TypeError, match=r"end .*: expected a Motion"):
            pipeline.interpolate("a person walks", nothing)
        with pytest.raises(TypeError, match=r"motion .*: expected a Motion"):
            pipeline.similarity("a person walks", nothing)
    with pytest.raises(TypeError, match=r"Kept\.motion of type str: expected a Motion"):
        Kept("walk.npz", 0)


@pytest.mark.parametrize("wrong", [3, ["a person walks", None], b"walks"])
def test_only_texts_have_an_estimated_length(pipeline, wrong):
    with pytest.raises(TypeError, match="expected a text"):
        pipeline.estimate_frames(wrong)
    with pytest.raises(ValueError, match="no prompt was given"):
        pipeline.estimate_frames([])
