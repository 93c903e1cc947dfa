"""Mutations of the paper's method and of the package's own bounds, each with the test that must catch it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutation:
    """A change that turns the method into another one.

    Attributes:
        name: what it does.
        file: where, relative to the root.
        edits: pairs of old text, which stands there exactly once, and new text.
        test: node id of the test that must fail.
    """

    name: str
    file: str
    edits: tuple[tuple[str, str], ...]
    test: str

    def apply(self, root: Path) -> str:
        """Write the changed file; returns what it held.

        Raises:
            ValueError: an old text does not stand there exactly once.
        """
        path = root / self.file
        text = original = path.read_text(encoding="utf-8")
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"mutation {self.name!r}: {old!r} stands {text.count(old)} times in {path}")
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        return original


_TRANSFORMER = "ram_sdk/models/transformer.py"
_DENOISER = "ram_sdk/models/denoiser.py"
_OBJECTIVE = "training/objective.py"
_PROTOCOL = "training/evaluation/protocol.py"
_ROWS = "training/research/tables/rows.py"
_NETWORKS = "tests/models/test_reference_networks.py"
_DENOISER_TEST = f"{_NETWORKS}::test_denoiser_is_mdms_with_a_post_norm_gelu_encoder"
_ENCODER_TEST = f"{_NETWORKS}::test_encoders_are_temos_without_the_vae_head"
_PRESETS = "tests/training/test_presets.py"
_OBJECTIVE_TESTS = "tests/training/test_objective.py"
_PROTOCOL_TESTS = "tests/evaluation/test_protocol.py"
_SAMPLING = "tests/research/test_table_rows.py::test_rows_sample_as_the_paper_says"
_TRAINING = "tests/research/test_table_rows.py::test_rows_train_as_the_paper_says"
_CAPTIONS = "tests/training/test_captions_per_clip.py"
_CALIBRATION = "training/evaluation/calibration.py"
_ALARMS = (
    "tests/evaluation/test_calibration.py::test_one_in_fifty_of_the_captions_beside_is_called_unlike_all"
)
_BRIDGE = "tests/control/test_bridge.py"
_SETTLING = "ram_sdk/control/settling.py"
_SETTLING_TESTS = "tests/control/test_settling.py"
_TARGETS = "ram_sdk/control/targets.py"
_CONSTRAINTS = "tests/control/test_constraints.py"
_COMPOSITION = "ram_sdk/control/composition.py"
_PLAN = "ram_sdk/batch/plan.py"
_PLAN_TESTS = "tests/batch/test_batch_plan.py"
_STUDIO = "ram_sdk/studio/app.py"
_GUARD = "tests/studio/test_guard.py"

MUTATIONS = (
    Mutation(
        "post-norm to pre-norm",
        _TRANSFORMER,
        (
            ("self.query_key_value(x).view", "self.query_key_value(self.attention_norm(x)).view"),
            ("x = self.attention_norm(x + self.dropout(attended))", "x = x + self.dropout(attended)"),
            ("F.gelu(self.feedforward_input(x))", "F.gelu(self.feedforward_input(self.feedforward_norm(x)))"),
            ("self.feedforward_norm(x + self.dropout(hidden))", "x + self.dropout(hidden)"),
        ),
        _DENOISER_TEST,
    ),
    Mutation("GELU to ReLU", _TRANSFORMER, (("F.gelu(", "F.relu("),), _DENOISER_TEST),
    Mutation(
        "positions shifted by one",
        _TRANSFORMER,
        (("self.positions[: x.shape[1]]", "self.positions[1 : 1 + x.shape[1]]"),),
        _ENCODER_TEST,
    ),
    Mutation(
        "attention not scaled",
        _TRANSFORMER,
        (("alpha=head_width**-0.5", "alpha=1.0"),),
        _DENOISER_TEST,
    ),
    Mutation(
        "timestep shifted by one",
        _DENOISER,
        (("self.transformer.positions[timestep]", "self.transformer.positions[timestep + 1]"),),
        _DENOISER_TEST,
    ),
    Mutation("SiLU removed", _DENOISER, (("nn.SiLU()", "nn.Identity()"),), _DENOISER_TEST),
    Mutation(
        "z scaled",
        _DENOISER,
        (("self.latent_projection(latent) +", "self.latent_projection(2.0 * latent) +"),),
        _DENOISER_TEST,
    ),
    Mutation(
        "text not rectified",
        "ram_sdk/models/encoders.py",
        (("super().forward(F.relu(sequence), mask)", "super().forward(sequence, mask)"),),
        _ENCODER_TEST,
    ),
    Mutation(
        "golden motion: noise of each step left out",
        "ram_sdk/scheduler.py",
        (("+ deviation * noise", "+ 0.0 * noise"),),
        "tests/models/test_golden_motions.py::test_shipped_checkpoint_makes_its_golden_motion",
    ),
    Mutation(
        "encoder depth of the paper preset",
        "training/config.py",
        (("encoder_layers: Layers = 6", "encoder_layers: Layers = 4"),),
        f"{_PRESETS}::test_preset_is_the_papers",
    ),
    Mutation(
        "encoder depth lost on the way from the preset to the network",
        "training/networks.py",
        (("num_layers=model.encoder_layers", "num_layers=model.denoiser_layers"),),
        f"{_PRESETS}::test_networks_of_a_preset_have_the_papers_depths_and_sizes",
    ),
    Mutation(
        "length-sorted batches in the paper preset",
        "training/configs/humanml3d.yaml",
        (("bucketing: false", "bucketing: true"),),
        f"{_PRESETS}::test_preset_is_the_papers",
    ),
    Mutation(
        "bucketing without effect",
        "training/dataset.py",
        (("_BUCKET if config.bucketing else 1", "_BUCKET"),),
        "tests/training/test_bucketing.py::test_batches_without_bucketing_mix_all_lengths",
    ),
    Mutation(
        "one keep for both branches",
        _OBJECTIVE,
        (
            (
                "keep = torch.rand(2 if self.motion_encoder else 1, size, **options) >=",
                "keep = torch.rand(1, size, **options).expand(2 if self.motion_encoder else 1, -1) >=",
            ),
        ),
        f"{_OBJECTIVE_TESTS}::test_each_branch_draws_its_null_conditions_apart",
    ),
    Mutation(
        "alignment as a sum by default",
        _OBJECTIVE,
        (('alignment_reduction: Reduction = "mean"', 'alignment_reduction: Reduction = "sum"'),),
        f"{_PRESETS}::test_preset_is_the_papers",
    ),
    Mutation(
        "whole alignment gradient to the motion encoder",
        _OBJECTIVE,
        (("(1.0 - beta) * z_m.detach()", "(1.0 - beta) * z_m"),),
        f"{_OBJECTIVE_TESTS}::test_alignment_value_is_the_distance_and_beta_is_the_share_of_the_gradient",
    ),
    Mutation(
        "raw instead of averaged weights exported",
        "training/export.py",
        (('objective.load_state_dict(state["average"])', 'objective.load_state_dict(state["objective"])'),),
        "tests/training/test_export.py::test_export_takes_the_averaged_weights",
    ),
    Mutation(
        "FID against the same draw",
        _PROTOCOL,
        (("further = [draw(clip, rng) for clip in self.clips]", "further = samples"),),
        f"{_PROTOCOL_TESTS}::test_fid_compares_with_a_further_draw_of_all_clips",
    ),
    Mutation(
        "unshuffled groups of 32",
        _PROTOCOL,
        (("rng.permutation(len(self.clips))", "np.arange(len(self.clips))"),),
        f"{_PROTOCOL_TESTS}::test_groups_of_r_precision_are_shuffled",
    ),
    Mutation(
        "MultiModality from one seed",
        _PROTOCOL,
        (("asked, draw.repeat_seeds, self", "asked, draw.repeat_seeds[:1].repeat(len(asked)), self"),),
        f"{_PROTOCOL_TESTS}::test_multimodality_is_of_motions_from_thirty_seeds",
    ),
    Mutation(
        "reg_timesteps not passed in evaluation",
        _PROTOCOL,
        (('"reg_timesteps": self.reg_timesteps,', '"reg_timesteps": None,'),),
        f"{_PROTOCOL_TESTS}::test_rows_generate_with_their_settings",
    ),
    Mutation(
        "reg_timesteps not passed from a table to its evaluation",
        "training/research/tables/run.py",
        (("reg_timesteps=row.reg_timesteps,", "reg_timesteps=None,"),),
        f"{_SAMPLING}[3]",
    ),
    Mutation(
        "REG left on in a row of Table 4",
        _ROWS,
        (('TableRow("+ E_m", _loss(0, 0), reg_scale=0.0)', 'TableRow("+ E_m", _loss(0, 0))'),),
        f"{_SAMPLING}[4]",
    ),
    Mutation(
        "REG left on in a row of Table 6",
        _ROWS,
        (('TableRow("Variant A", _loss(0, 0), reg_scale=0.0)', 'TableRow("Variant A", _loss(0, 0))'),),
        f"{_SAMPLING}[6]",
    ),
    Mutation(
        "Variant C with another weight",
        _ROWS,
        (("_latent_space(1e-5, 0)", "_latent_space(1e-4, 0)"),),
        f"{_TRAINING}[6]",
    ),
    Mutation(
        "Variant D with another temperature",
        _ROWS,
        (("_latent_space(0, 1)", "_latent_space(0, 1, 0.1)"),),
        f"{_TRAINING}[6]",
    ),
    Mutation(
        "half precision draws other noise",
        "ram_sdk/pipeline/sampling.py",
        (
            (
                "generator=generator, dtype=torch.float32",
                "generator=generator, dtype=self.dtype",
            ),
        ),
        "tests/test_pipeline.py::test_half_precision_stays_far_closer_than_another_seed",
    ),
    Mutation(
        "variance of a weaker signal scaled as its deviation",
        "ram_sdk/scheduler.py",
        (("signal_scale**2 * alphas_cumprod", "signal_scale * alphas_cumprod"),),
        "tests/test_scheduler.py::test_a_signal_scale_is_the_schedule_of_scaled_motion",
    ),
    Mutation(
        "captions per clip: those of another clip",
        "training/dataset.py",
        (("[:, None] * clips + share)", "[:, None] + captions // clips * share)"),),
        f"{_CAPTIONS}::test_a_batch_holds_captions_of_its_own_clips_in_blocks",
    ),
    Mutation(
        "false alarms of one in ten",
        _CALIBRATION,
        (("_FALSE_ALARMS = 0.02", "_FALSE_ALARMS = 0.1"),),
        _ALARMS,
    ),
    Mutation("no false alarms", _CALIBRATION, (("quantile(1.0 - _FALSE_ALARMS)", "amax()"),), _ALARMS),
    Mutation(
        "bridge: gaps of four seconds",
        "ram_sdk/control/bridge.py",
        (("_LONGEST = 3.0", "_LONGEST = 4.0"),),
        f"{_BRIDGE}::test_three_seconds_are_bridged_and_no_more",
    ),
    Mutation(
        "bridge: gaps of less than three seconds",
        "ram_sdk/control/bridge.py",
        (("<= _LONGEST *", "< _LONGEST *"),),
        f"{_BRIDGE}::test_three_seconds_are_bridged_and_no_more",
    ),
    Mutation(
        "settling: centre off by half a frame",
        _SETTLING,
        (("+ 0.5 - border", "- border"),),
        f"{_SETTLING_TESTS}::test_smoothing_lies_evenly_about_the_border",
    ),
    Mutation(
        "settling: jerk unseen",
        _SETTLING,
        (("third.mean() *", "0.0 * third.mean() *"),),
        f"{_SETTLING_TESTS}::test_a_jump_too_small_to_be_fast_is_smoothed_for_its_jerk",
    ),
    Mutation(
        "times cut to frames",
        _TARGETS,
        (("min(round(seconds * self.fps)", "min(int(seconds * self.fps)"),),
        f"{_CONSTRAINTS}::test_a_time_between_two_frames_is_the_nearer_one",
    ),
    Mutation(
        "stops farther beside the path",
        "ram_sdk/control/itinerary.py",
        (("NEAR_PATH = 0.1 ", "NEAR_PATH = 0.2 "),),
        f"{_CONSTRAINTS}::test_a_stop_may_lie_a_tenth_of_a_metre_beside_the_path",
    ),
    Mutation(
        "stops: facing ends a frame early",
        _TARGETS,
        (("self.heading[first : last + 1]", "self.heading[first:last]"),),
        f"{_CONSTRAINTS}::test_a_stop_faces_as_asked_from_its_first_frame_to_its_last",
    ),
    Mutation(
        "paths go on beyond their ends",
        "ram_sdk/control/route.py",
        (("/ squared, 0.0, 1.0)", "/ squared, 0.0, 2.0)"),),
        f"{_CONSTRAINTS}::test_a_path_ends_where_it_ends",
    ),
    Mutation(
        "kept motions come on suddenly",
        _COMPOSITION,
        (("_falling(before, whole).flip(0) *", "_falling(before, whole) *"),),
        "tests/control/test_composition.py::test_generated_frames_lead_to_those_that_are_kept",
    ),
    Mutation(
        "batch: scale of a LoRA not in the digest",
        _PLAN,
        (("revision=None, lora=lora)", "revision=None, lora=lora, lora_scale=1.0)"),),
        f"{_PLAN_TESTS}::test_another_lora_at_the_same_place_shapes_a_request",
    ),
    Mutation(
        "batch: only the first name of a row taken",
        _PLAN,
        (("(file.casefold() for file in files), row", "(file.casefold() for file in files[:1]), row"),),
        f"{_PLAN_TESTS}::test_a_name_may_not_be_that_of_one_of_several_motions",
    ),
    Mutation(
        "retargeting: travel that legs do not carry",
        "ram_sdk/characters/retarget.py",
        ((" * planting.stride(legs_below(hips), hips) +", " +"),),
        "tests/characters/test_retarget.py::test_the_body_travels_as_far_as_its_legs_carry_it",
    ),
    Mutation(
        "studio: no bound of one address's jobs",
        "ram_sdk/studio/work.py",
        ((">= self.limits.queue_each:", ">= self.limits.queue:"),),
        f"{_GUARD}::test_an_address_may_have_only_some_jobs_waiting",
    ),
    Mutation(
        "studio: very many files wait",
        _STUDIO,
        (("_MOST_FILES = 64 ", "_MOST_FILES = 640 "),),
        f"{_GUARD}::test_only_some_files_may_wait_for_a_thread",
    ),
    Mutation(
        "studio: player outside its sandbox",
        _STUDIO,
        (('"sandbox allow-scripts; ', '"'),),
        "tests/studio/test_routes.py::test_the_player_runs_in_a_sandbox_without_the_servers_origin",
    ),
    Mutation(
        "BVH: still rotations above a joint in the wrong order",
        "ram_sdk/formats/bvh_parser.py",
        (("rotation = own[0] @ rotation", "rotation = rotation @ own[0]"),),
        "tests/formats/test_bvh_parser.py::test_still_rotations_apply_from_the_root_down",
    ),
    Mutation(
        "sides: frames for seconds",
        "ram_sdk/skeleton/plausibility.py",
        (("_ENOUGH * fps", "_ENOUGH"),),
        "tests/skeleton/test_plausibility.py::test_sides_need_a_second_of_standing",
    ),
    Mutation(
        "cuts of a later stretch by the speed of an earlier one",
        "training/open_data/cleaning.py",
        (("speed[first + end]", "speed[end]"),),
        "tests/open_data/test_cleaning.py::test_a_later_stretch_is_cut_where_it_is_slow_itself",
    ),
)
