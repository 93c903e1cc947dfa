"""Sampling that starts from captured motions: which one, how long, and what is told of it."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from ram_sdk import RAMPipeline
from ram_sdk.checkpoint import add_component
from ram_sdk.control import Pose
from ram_sdk.control.timeline import Segment, Timeline
from ram_sdk.models import Exemplar, Exemplars, ExemplarsConfig, Matcher, MatcherConfig, NormalizerConfig
from ram_sdk.models.exemplars import Want
from ram_sdk.motion import Motion
from ram_sdk.pipeline.starting import Part, Wanted, starts
from ram_sdk.scheduler import RAMScheduler, SchedulerConfig
from tests.synthetic_clips import raise_hand, travel

SCHEDULE = {"num_train_timesteps": 50, "num_inference_steps": 10}
WALK, HAND = travel(4, forward=1.2), raise_hand(travel(3), 0)


@pytest.fixture
def exemplars(pipeline, monkeypatch) -> Exemplars:
    """A walk of 4 s and a raised left hand of 3 s, found by what the tiny pipeline's E_t makes of texts.

    To that all texts are much alike: the smallest difference decides here.
    """
    monkeypatch.setattr("ram_sdk.models.exemplars._SPREAD", 1e-4)
    motions = (
        Exemplar("walks/1", "a person walks", ("own",), 40, 10.0),
        Exemplar("hands/2", "someone raises the left hand", ("own", "other"), 30, 10.0),
    )
    texts = [
        "a person walks",
        "a person walks",
        "someone raises the left hand",
        "someone raises the right hand",
    ]
    credit = {"own": "We (CC0 1.0)", "other": "They (MIT)"}
    made = Exemplars(ExemplarsConfig(pipeline.denoiser.config.latent_dim, 1, credit, motions))
    joints = torch.tensor(np.concatenate([WALK[::2], HAND[::2]]), dtype=torch.float32)
    made.places.copy_(joints[:, 0, [0, 2]])
    joints[..., [0, 2]] -= made.places[:, None]
    made.joints.copy_(joints)
    made.latents.copy_(pipeline.encode_text(texts).view(2, 2, 1, -1).expand_as(made.latents))
    return made.eval()


@pytest.fixture
def with_exemplars(pipeline, exemplars) -> RAMPipeline:
    scheduler = RAMScheduler(SchedulerConfig(**SCHEDULE, strength=0.4))
    made = RAMPipeline(**pipeline.components | {"exemplars": exemplars, "scheduler": scheduler})
    made.set_progress_bar_config(disable=True)
    return made


def test_the_exemplar_whose_texts_fit_is_found_as_captured_or_mirrored(pipeline, exemplars):
    fit = exemplars(
        [Want(latent) for latent in pipeline.encode_text(["a person walks", "someone raises the right hand"])]
    )
    assert fit.shape == (2, 2, 2)
    assert fit[0, 0].tolist() == pytest.approx([1.25, 1.25], abs=1e-5)
    assert fit[1].argmax() == 3  # the raised left hand, mirrored
    assert fit[1].max() == pytest.approx(1.25, abs=1e-5)


def test_an_exemplar_that_turns_as_far_as_asked_fits_better(pipeline, exemplars):
    exemplars.latents.fill_(1.0)
    quarter, half = (
        replace(one, turn=turn) for one, turn in zip(exemplars.config.motions, (95, 180), strict=True)
    )
    exemplars.config = replace(exemplars.config, motions=(quarter, half))
    latent = torch.ones(exemplars.config.latent_dim)
    fit = exemplars([Want(latent, turn=90), Want(latent, turn=180), Want(latent)])[:, :, 0]
    assert fit[0, 0] > fit[0, 1] + 0.15
    assert fit[1, 1] > fit[1, 0] + 0.15
    assert fit[2, 0] == fit[2, 1]


def test_a_pace_is_reached_from_that_of_the_exemplar(exemplars):
    """Of a slow and a usual walk the slow one is taken for "slowly", and played hardly more slowly still."""
    exemplars.latents.fill_(1.0)
    usual, slow = (replace(exemplars.config.motions[0], pace=pace) for pace in (1.0, 0.72))
    exemplars.config = replace(exemplars.config, motions=(usual, replace(slow, frames=30)))
    latent, config = torch.ones(exemplars.config.latent_dim), NormalizerConfig(num_features=263)
    for pace, frames in ((1.0, 79), (0.72, 59 * 1.2), (1.35, 79 / 1.35)):  # stored 4 s and 3 s long
        asked = Wanted([Part((Want(latent, pace=pace),))])
        (start,) = starts(exemplars, [asked], [torch.Generator().manual_seed(0)], config)
        assert len(start.features) == pytest.approx(frames, abs=2)


def test_nothing_is_played_faster_than_a_person_moves(exemplars):
    exemplars.latents.fill_(1.0)
    exemplars.places[:70] *= 9  # a walk of 10.8 m/s, which may be played 1.4 times as fast
    latent, config = torch.ones(exemplars.config.latent_dim), NormalizerConfig(num_features=263)
    asked = Wanted([Part((Want(latent, pace=1.35),))], 40)
    for seed in range(4):
        (start,) = starts(exemplars, [asked], [torch.Generator().manual_seed(seed)], config)
        joints = Motion.from_features(start.features.numpy()).joints
        assert np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() * config.fps < 15.0


def test_what_is_done_once_is_repeated_as_often_as_asked(exemplars):
    exemplars.latents.fill_(1.0)
    walk, hand = (replace(one, count=1) for one in exemplars.config.motions)
    exemplars.config = replace(exemplars.config, motions=(walk, hand))
    latent, config = torch.ones(exemplars.config.latent_dim), NormalizerConfig(num_features=263)
    for count, times in ((2, 2), (3, 3), (1, 1)):
        asked = Wanted([Part((Want(latent, count=count),))])
        generators = [torch.Generator().manual_seed(seed) for seed in range(3)]
        for start in starts(exemplars, [asked] * 3, generators, config):
            motion = Motion.from_features(start.features.numpy())
            raised = motion.joints[:, [20, 21], 1].max(axis=1) > motion.joints[:, 12, 1]
            if count > 1:  # a walk goes on elsewhere: it cannot be repeated
                assert start.entry["exemplars"][0]["name"] == "hands/2"
                assert (np.diff(raised.astype(int)) == 1).sum() == times


def test_repeats_end_whole_and_take_no_longer_than_can_be_made(exemplars):
    exemplars.latents.fill_(1.0)
    hand = replace(exemplars.config.motions[1], count=1)
    exemplars.config = replace(exemplars.config, motions=(exemplars.config.motions[0], hand))
    latent, config = torch.ones(exemplars.config.latent_dim), NormalizerConfig(num_features=263)
    for frames in (None, 100):
        asked = Wanted([Part((Want(latent, count=99),), frames)], frames)
        (start,) = starts(exemplars, [asked], [torch.Generator().manual_seed(0)], config)
        joints = Motion.from_features(start.features.numpy()).joints
        wrists = joints[:, [20, 21], 1].max(axis=1) - joints[:, 12, 1]
        assert start.entry["exemplars"][0]["name"] == "hands/2"
        assert wrists.min() < -0.3
        assert wrists[-3:].min() > 0.3  # it ends raised, as the exemplar does
        assert len(joints) <= 196


def test_what_follows_starts_where_the_motion_before_ends(exemplars):
    low = exemplars.joints.clone()
    low[40:, :, 1] -= 0.5
    exemplars.joints = low
    fit = torch.zeros(2, 2)
    standing = float(exemplars.joints[0, 0, 1])
    assert (
        exemplars.following(fit, standing).argmax() < 2 <= exemplars.following(fit, standing - 0.5).argmax()
    )


def test_nearly_equal_exemplars_take_turns_and_worse_ones_do_not(exemplars):
    fit = torch.tensor([[1.40, 1.39995], [0.9, 0.2]])
    chosen = [exemplars.choose(fit, None, torch.Generator().manual_seed(seed)) for seed in range(50)]
    assert set(chosen) == {(0, False), (0, True)}
    assert chosen.count((0, False)) > chosen.count((0, True))


def test_a_wanted_length_counts_where_it_is_out_of_reach(exemplars):
    equal = torch.full((2, 2), 1.0)
    seeds = range(20)

    def chosen(seconds: float) -> set[int]:
        return {exemplars.choose(equal, seconds, torch.Generator().manual_seed(s))[0] for s in seeds}

    assert chosen(3.5) == {0, 1}
    assert chosen(8) == {0}
    assert chosen(1.5) == {1}
    assert equal.eq(1).all()


def test_joints_are_stored_beside_their_place_on_the_floor(exemplars):
    np.testing.assert_allclose(exemplars.joints_of(0), WALK[::2], atol=1e-5)
    np.testing.assert_allclose(exemplars.joints_of(1), HAND[::2], atol=1e-5)


def test_between_stored_frames_motion_has_no_corners(pipeline, exemplars, monkeypatch):
    monkeypatch.setattr("ram_sdk.models.exemplars._STRETCH", 0.0)
    time = np.arange(40) / 10
    circle = WALK[:1] + 0.5 * np.stack([np.sin(2 * time), 0 * time, np.cos(2 * time)], -1)[:, None]
    exemplars.joints[:40] = torch.tensor(circle - circle[:, :1] * [1, 0, 1])
    exemplars.places[:40] = torch.tensor(circle[:, 0, [0, 2]])
    asked = Wanted([Part((Want(pipeline.encode_text(["a person walks"])[0]),))])
    config = NormalizerConfig(num_features=263)
    (start,) = starts(exemplars, [asked], [torch.Generator().manual_seed(0)], config)
    root = Motion.from_features(start.features.numpy()).joints[3:-3, 0]
    bends = np.linalg.norm(np.diff(root, n=2, axis=0), axis=-1)
    assert bends.max() < 1.3 * bends.min()


@pytest.mark.parametrize(
    ("wanted", "distance"), [(None, 4.7), (80, 4.7), (64, 4.7), (112, 4.7), (140, 4.7), (40, 3.3)]
)
def test_an_exemplar_is_played_faster_or_slower_then_held_or_cut(
    pipeline, exemplars, monkeypatch, wanted, distance
):
    monkeypatch.setattr("ram_sdk.models.exemplars._STRETCH", 0.0)
    latents = pipeline.encode_text(["a person walks"])
    config = NormalizerConfig(num_features=263)
    asked = Wanted([Part((Want(latents[0]),))], wanted)
    (start,) = starts(exemplars, [asked], [torch.Generator().manual_seed(0)], config)
    motion = Motion.from_features(start.features.numpy())
    assert len(motion) == (wanted or 79)
    assert np.linalg.norm(motion.joints[-1, 0] - motion.joints[0, 0]) == pytest.approx(distance, abs=0.2)
    if wanted == 140:
        assert np.abs(motion.joints[-1] - motion.joints[115]).max() < 1e-3
    assert start.entry["exemplars"][0]["name"] == "walks/1"


def test_sampling_starts_from_the_exemplar_under_noise(with_exemplars):
    seen = []

    def estimate(x_t, timestep, *rest):
        seen.append((timestep, x_t))
        return x_t

    start = torch.full((1, 40, 263), 3.0)
    generator = torch.Generator().manual_seed(0)
    with_exemplars.sample(torch.zeros(1, 16), [40], [generator], denoise=estimate, start=start)
    scheduler = with_exemplars.scheduler
    assert [timestep for timestep, _ in seen[:-1]] == [t for t in scheduler.timesteps if t <= 0.4 * 49]
    assert seen[-1][0] == 0
    assert seen[-1][1] is start
    signal = scheduler.alphas_cumprod[seen[0][0]].sqrt().item()
    assert seen[0][1].mean().item() == pytest.approx(3.0 * signal, abs=0.05)
    assert seen[0][1].std().item() == pytest.approx((1 - signal**2) ** 0.5, abs=0.05)


def test_details_that_the_denoiser_cannot_draw_stay_and_its_jitter_does_not_come_in(with_exemplars):
    smooth = torch.linspace(-1.0, 1.0, 40)[None, :, None].expand(2, 40, 263)
    details = 0.3 * torch.tensor([1.0, -1.0]).repeat(20)[None, :, None]
    jitter = torch.tensor([1.0, 1.0, -2.0]).repeat(14)[:40, None]
    start = smooth + details
    calls = []

    def estimate(x_t, *rest):
        calls.append(x_t)
        return smooth if x_t is start else smooth + 0.5 + jitter  # sees no detail, and changes the motion

    generators = [torch.Generator().manual_seed(seed) for seed in (0, 1)]
    made = with_exemplars.sample(torch.zeros(2, 16), [40, 30], generators, denoise=estimate, start=start)
    assert calls[-1] is start
    for motion, frames in zip(made, (40, 30), strict=True):
        changed = (motion - start[0])[:frames]
        assert changed[:, :3].eq(0).all()  # the path over the floor
        pose = changed[:, 3:]
        assert (pose - 0.5).abs().max() < 0.1  # of jitter of 1


def test_a_motion_says_what_it_started_from_and_is_as_long(with_exemplars):
    walk, hand = with_exemplars(
        ["a person walks", "someone raises the right hand"], seed=1, trim=False
    ).motions
    assert (len(walk), len(hand)) == (79, 59)
    assert walk.settings["strength"] == 0.4
    assert walk.settings["exemplars"][0]["credits"] == ["We (CC0 1.0)"]
    assert hand.settings["exemplars"] == [
        {
            "name": "hands/2",
            "text": "someone raises the left hand",
            "mirrored": True,
            "credits": ["We (CC0 1.0)", "They (MIT)"],
        }
    ]
    (alone,) = with_exemplars("someone raises the right hand", seed=1, trim=False).motions
    np.testing.assert_allclose(alone.joints, hand.joints, atol=1e-4)


@pytest.mark.parametrize(("options", "frames"), [({"num_frames": 50}, 50), ({"duration": 3.0}, 60)])
def test_a_given_length_is_kept(with_exemplars, options, frames):
    (motion,) = with_exemplars("a person walks", seed=1, **options).motions
    assert len(motion) == frames


def test_a_length_in_the_text_is_kept(with_exemplars):
    (motion,) = with_exemplars("a person walks for three seconds", seed=1).motions
    assert len(motion) == 60


def test_pure_noise_makes_what_a_checkpoint_without_exemplars_makes(pipeline, with_exemplars):
    options = {"num_frames": 40, "seed": 3}
    ours = with_exemplars("a person walks", strength=1, **options).motions[0]
    theirs = pipeline("a person walks", num_inference_steps=10, **options).motions[0]
    np.testing.assert_array_equal(ours.joints, theirs.joints)
    assert "exemplars" not in ours.settings


def test_what_is_given_or_composed_of_more_than_prompts_starts_from_pure_noise(with_exemplars):
    pose, walk = Pose(0.0, WALK[0]), Motion(WALK[:60].astype(np.float32), 20)
    arm = Timeline((Segment("a person walks", 0, 3), Segment("waves", 1, 2, "left arm")))
    latents = {"latents": torch.zeros(1, 16), "num_frames": 40}
    made = [
        with_exemplars("a person walks", 40, seed=1, constraints=pose).motions[0],
        with_exemplars(**latents, seed=1).motions[0],
        with_exemplars.compose([walk, "someone jumps"], duration=2, seed=1),
        with_exemplars.compose(arm, seed=1),
    ]
    for motion in made:
        assert motion.settings["strength"] == 1.0
        assert "exemplars" not in motion.settings
    with pytest.raises(ValueError, match=r"strength=0.3 with latents: they start from pure noise"):
        with_exemplars(**latents, strength=0.3)
    with pytest.raises(ValueError, match=r"strength=0.3 with constraints: they start from pure noise"):
        with_exemplars("a person walks", 40, strength=0.3, constraints=pose)
    with pytest.raises(ValueError, match=r"strength=0.3: a timeline with kept motions or parts of the body"):
        with_exemplars.compose(arm, strength=0.3)


def test_prompts_of_a_timeline_start_from_exemplars_joined(with_exemplars):
    prompts = ["a person walks", "raises the left hand", "a person walks"]
    motion = with_exemplars.compose(prompts, duration=[4, 3, 12], seed=1)
    assert len(motion) == 380
    names = [one["name"] for one in motion.settings["exemplars"]]
    assert names[0] == "walks/1"
    assert len(names) == 4  # 12 s are longer than a clip
    pure = with_exemplars.compose(prompts, duration=[4, 3, 12], seed=1, strength=1)
    assert "exemplars" not in pure.settings
    assert pure.settings["strength"] == 1.0
    again = with_exemplars.compose(prompts, duration=[4, 3, 12], seed=1)
    np.testing.assert_array_equal(again.joints, motion.joints)


def test_what_cannot_be_started_is_refused(pipeline, with_exemplars):
    with pytest.raises(ValueError, match=r"strength 0.4: this checkpoint has no exemplars.*strength=1"):
        pipeline("a person walks", strength=0.4)
    for wrong in (1.5, -0.1, float("nan")):
        with pytest.raises(ValueError, match=r"strength .*: expected 0 .* to 1"):
            with_exemplars("a person walks", strength=wrong)
    with pytest.raises(ValueError, match="strength"):
        with_exemplars("a person walks", strength="much")


def test_candidates_start_from_exemplars_of_their_own(with_exemplars, monkeypatch):
    monkeypatch.setattr("ram_sdk.models.exemplars._SPREAD", 1.0)
    with_exemplars.matcher = Matcher(MatcherConfig(1.0, 0.0, 1))
    with warnings.catch_warnings(record=True):  # random motions are all faulty
        motions = [
            with_exemplars("a person walks", num_frames=40, seed=seed, num_candidates=4).motions[0]
            for seed in range(6)
        ]
    for motion in motions:
        alone = with_exemplars("a person walks", num_frames=40, seed=motion.settings["seed"]).motions[0]
        assert alone.settings["exemplars"] == motion.settings["exemplars"]
        np.testing.assert_allclose(alone.joints, motion.joints, atol=1e-4)
    firsts = with_exemplars(["a person walks"] * 6, num_frames=40, seed=list(range(6))).motions
    assert [one.settings["exemplars"] for one in firsts] != [one.settings["exemplars"] for one in motions]


def test_exemplars_are_saved_and_loaded(checkpoint, with_exemplars, tmp_path):
    stored = with_exemplars.exemplars
    stored.latents = stored.latents.half()
    add_component(checkpoint, "exemplars", stored)
    add_component(checkpoint, "scheduler", with_exemplars.scheduler)
    loaded = RAMPipeline.from_pretrained(checkpoint)
    assert loaded.exemplars.config == stored.config
    assert loaded.scheduler.config.strength == 0.4
    loaded.save_pretrained(tmp_path / "again")
    again = RAMPipeline.from_pretrained(tmp_path / "again")
    ours, theirs = (p("a person walks", seed=5).motions[0] for p in (loaded, again))
    np.testing.assert_array_equal(ours.joints, theirs.joints)


def test_one_thing_after_the_other_starts_from_exemplars_joined(with_exemplars):
    prompt = "a person walks, then someone raises the left hand"
    (motion,) = with_exemplars(prompt, seed=1, trim=False).motions
    assert [one["name"] for one in motion.settings["exemplars"]] == ["walks/1", "hands/2"]
    assert 79 < len(motion) < 79 + 59
    (short,) = with_exemplars(prompt, seed=1, duration=4).motions
    assert len(short) == 80


@pytest.mark.parametrize(("count", "seconds"), [(6, 0.5), (4, 0.7), (13, 1.0)])
def test_short_parts_of_a_timeline_are_joined(with_exemplars, count, seconds):
    motion = with_exemplars.compose(["a person walks"] * count, duration=seconds, seed=1)
    assert len(motion) == round(count * seconds * 20)
    assert len(motion.settings["exemplars"]) == count


@pytest.mark.parametrize("frames", [1, 2, 3, 5, 30])
def test_parts_without_room_are_left_out(with_exemplars, frames):
    prompt = "a person walks, then someone raises the left hand"
    (motion,) = with_exemplars(prompt, frames, seed=1).motions
    assert len(motion) == frames


def test_parts_begin_when_a_timeline_says(pipeline, exemplars):
    walk, hand = pipeline.encode_text(["a person walks", "someone raises the left hand"])
    parts = [Part((Want(hand),), frames=40.0)] * 6 + [Part((Want(walk),), frames=80.0)]
    config = NormalizerConfig(num_features=263)
    (start,) = starts(exemplars, [Wanted(parts, 320)], [torch.Generator().manual_seed(0)], config)
    root = Motion.from_features(start.features.numpy()).joints[:, 0, [0, 2]]
    away = np.linalg.norm(root - root[0], axis=1)
    assert len(root) == 320
    assert away[236] < 0.2 < away[256]


def test_many_parts_are_all_there_within_what_can_be_made(with_exemplars):
    prompt = ", then ".join(["someone raises the left hand"] * 4 + ["a person walks"])
    (motion,) = with_exemplars(prompt, seed=1, trim=False, strength=0).motions
    assert len(motion) <= 196
    root = motion.joints[:, 0, [0, 2]]
    assert np.linalg.norm(root[-1] - root[140]) > 0.5  # it walks at the end


def test_motions_are_no_shorter_than_can_be_made(pipeline, exemplars):
    latent = pipeline.encode_text(["someone raises the left hand"])[0]
    config = NormalizerConfig(num_features=263, min_frames=52)
    (start,) = starts(
        exemplars, [Wanted([Part((Want(latent, pace=1.35),))])], [torch.Generator().manual_seed(0)], config
    )
    assert len(start.features) == 52


def test_a_part_of_speed_alone_is_the_one_before(with_exemplars):
    (motion,) = with_exemplars("a person walks slowly, then quickly", seed=1).motions
    assert [one["name"] for one in motion.settings["exemplars"]] == ["walks/1", "walks/1"]


def test_a_callback_has_the_last_word(with_exemplars):
    def change(pipeline, info):
        estimate = info.estimate.clone()
        estimate[..., 3] = 1.0
        return estimate

    options = {"output_type": "features", "callback_on_step_end": change}
    (features,) = with_exemplars("a person walks", seed=1, **options).motions
    height = (features[:, 3] - with_exemplars.normalizer.mean[3]) / with_exemplars.normalizer.std[3]
    torch.testing.assert_close(height, torch.ones_like(height), atol=0.1, rtol=0)


def test_a_trimmed_motion_says_what_it_started_from(with_exemplars):
    whole, trimmed = (
        with_exemplars("someone raises the left hand", seed=1, trim=trim, strength=0).motions[0]
        for trim in (False, True)
    )
    assert np.abs(whole.joints - HAND[: len(whole)]).max() < 0.3  # of the strength 0
    assert len(trimmed) < len(whole)
    assert trimmed.settings["exemplars"] == whole.settings["exemplars"]


def test_words_for_speed_change_the_pace_of_an_exemplar(with_exemplars):
    prompts = ["a person walks slowly", "a person walks", "a person walks fast"]
    frames = [len(motion) for motion in with_exemplars(prompts, seed=1, trim=False).motions]
    assert frames == [109, 79, 58]
