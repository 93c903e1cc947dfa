"""The paper's tables: rows, training budgets, reports; and the guidance study."""

import dataclasses
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from ram_sdk import RAMScheduler, SchedulerConfig
from ram_sdk.checkpoint import shipped_text_backbone
from ram_sdk.skeleton.features import canonicalize, encode_joints
from tests.training.tiny_training import OFFICIAL, SMALL, write_data
from training import CONFIGS
from training.config import load_config
from training.evaluation.open_evaluator import OpenEvaluator, OpenEvaluatorConfig, OpenEvaluatorNetwork
from training.evaluation.protocol import GROUND_TRUTH, Protocol, Row
from training.research import guidance_study
from training.research.figures.user_study import draw_prompts
from training.research.guidance_study import PAPER as PAPER_GUIDANCE
from training.research.guidance_study import Setting, name_of, score, study
from training.research.tables.report import PAPER, markdown
from training.research.tables.rows import TABLES
from training.research.tables.run import Plan, run_table
from training.research.tables.variants import scale_budget

PROTOCOL = Protocol(replications=1, clips=32, multimodality_texts=0)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A folder in HumanML3D's layout whose validation and test splits are long enough for R-Precision."""
    folder = tmp_path_factory.mktemp("data")
    write_data(folder)
    with np.load(OFFICIAL) as stored:
        joints = torch.from_numpy(stored["joints"]).double()
    names = []
    for i in range(34):
        names.append(f"1{i:05d}")
        features = encode_joints(canonicalize(joints[3 * i : 3 * i + 42])).float().numpy()
        np.save(folder / "new_joint_vecs" / f"{names[-1]}.npy", features)
        (folder / "texts" / f"{names[-1]}.txt").write_text(f"a person plays shot {i}#a/DET#0.0#0.0\n")
    for split in ("val", "test"):
        (folder / f"{split}.txt").write_text("\n".join(names) + "\n")
    return folder


@pytest.fixture(scope="module")
def evaluator() -> OpenEvaluator:
    """An untrained evaluator: its figures mean nothing, but they differ."""
    backbone = shipped_text_backbone()
    torch.manual_seed(0)
    sizes = {"width": 32, "feedforward": 32, "num_layers": 1, "num_heads": 2, "embedding_dim": 8}
    config = OpenEvaluatorConfig(text_backbone=backbone.config.sha256, text_dim=backbone.config.dim, **sizes)
    return OpenEvaluator(OpenEvaluatorNetwork(config), backbone, "untrained")


@pytest.fixture(scope="module")
def config_file(tmp_path_factory) -> Path:
    """A configuration whose training takes a moment; its budget is a share of 100 steps."""
    content = yaml.safe_load((CONFIGS / "tiny.yaml").read_text())
    for override in [*SMALL, "max_steps=100"]:
        *groups, key = override.partition("=")[0].split(".")
        target = content
        for group in groups:
            target = target[group]
        target[key] = yaml.safe_load(override.partition("=")[2])
    path = tmp_path_factory.mktemp("configs") / "little.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.mark.parametrize("number", sorted(TABLES))
def test_rows_are_the_papers(number: int) -> None:
    paper = PAPER["tables"][str(number)]
    rows = TABLES[number].rows
    assert len({row.name for row in rows}) == len(rows)
    reported = {row["name"] for row in paper["rows"]}
    covered = {row.paper or row.name for row in rows}
    assert covered == reported if number > 2 else {"MDM", "RAM (Ours)"} <= covered & reported
    for row in paper["rows"]:
        entries = [*row.get("paper", []), *([row["others"]] if "others" in row else [])]
        assert all(entry["source"] in PAPER["sources"] and entry["values"] for entry in entries)
    for row in rows:
        load_config(CONFIGS / "humanml3d.yaml", row.overrides or ())


def test_the_abstracts_figures_are_the_papers_only_ones() -> None:
    """What nobody can look up stays out: the paper's abstract, and what MDM's authors publish."""
    assert PAPER["sources"].keys() == {"abstract", "defaults", "MDM"}
    abstract = [
        entry["values"]
        for table in PAPER["tables"].values()
        for row in table["rows"]
        for entry in row.get("paper", [])
    ]
    assert abstract
    assert all(values == {"r_precision_1": 0.561, "fid": 0.032} for values in abstract)


def test_the_same_training_has_one_configuration_in_all_tables() -> None:
    def configs(number: int) -> dict:
        file = CONFIGS / "humanml3d.yaml"
        return {row.name: load_config(file, row.overrides or ()) for row in TABLES[number].rows}

    ours = load_config(CONFIGS / "humanml3d.yaml")
    assert ours == configs(7)["beta 0.01, tau 1"] == configs(8)["(1, 0.5)"] == configs(9)["256"]
    assert ours == configs(6)["Ours"] == configs(4)["+ REG"]
    assert configs(8)["(1, 0)"] == configs(4)["+ E_m + L_align"]
    assert configs(6)["Variant A"] == configs(4)["+ E_m"]
    assert len({str(config) for config in configs(6).values()}) == 6
    variant = configs(6)["Variant E"].objective
    assert (variant.alignment, variant.beta, variant.self_regularization) == (1e-5, 1, 0)
    assert (variant.contrastive, variant.contrastive_temperature) == (0.1, 0.1)


def test_budget_scales_steps_and_warmup() -> None:
    config = load_config(CONFIGS / "open-small.yaml", ["max_steps=4000", "optimizer.warmup_steps=200"])
    small = scale_budget(config, 0.01)
    assert (small.max_steps, small.optimizer.warmup_steps, small.save_every) == (40, 2, 40)
    assert dataclasses.replace(small, max_steps=4000, save_every=config.save_every).model == config.model
    with pytest.raises(ValueError, match="budget 2: expected a share of the training steps"):
        scale_budget(config, 2)


@pytest.mark.slow
def test_table_trains_evaluates_and_goes_on(data, evaluator, checkpoint, config_file, tmp_path: Path) -> None:
    plan = Plan(1, data, tmp_path, config_file, budget=0.02, mdm=str(checkpoint), protocol=PROTOCOL)
    text = run_table(plan, evaluator)
    assert "| | FID ↓ |" in text
    assert "reported by the paper, HumanML3D | reported by others, HumanML3D |" in text
    assert "little.yaml, **budget 0.02 (2 of 100 steps)**: RAM (Ours), RAM, CFG" in text
    lines = {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line[:1] == "|"}
    content = json.loads((tmp_path / "table-1" / "table.json").read_text())
    for row in ("RAM (Ours)", "MDM", "RAM, no guidance", GROUND_TRUTH):
        fid = content["rows"][row]["metrics"]["fid"]["mean"]
        assert lines[row].startswith(f"| {row} | {fid:.3f} |")
    assert "R@1 0.561, FID 0.032 [" in lines["RAM (Ours)"]
    assert "R@1 0.418, R@2 0.604, R@3 0.707, FID 0.489" in lines["MDM"]
    assert content["rows"]["MDM"]["settings"]["steps"] == 50
    assert Image.open(tmp_path / "table-1" / "table.png").size[0] > 900

    variants = sorted((tmp_path / "variants").iterdir())
    assert len(variants) == 1  # for three rows
    for file in (tmp_path / "table-1").glob("table.*"):
        file.unlink()
    for folder in variants:
        shutil.rmtree(folder / "run")
    assert run_table(plan, evaluator) == text
    assert not [folder for folder in variants if (folder / "run").exists()]

    ablation = run_table(dataclasses.replace(plan, number=8, training=False), evaluator)
    assert "Not run: (1, 1), (1, 0.1), (1, 0), (0.5, 1), (0.1, 1), (0, 1)." in ablation
    assert "| (1, 1) | – |" in ablation
    assert "| (1, 0.5) | – |" not in ablation
    with pytest.raises(ValueError, match="every row of Table 9 has to be trained first"):
        run_table(dataclasses.replace(plan, number=9, training=False, budget=0.5), evaluator)


@pytest.mark.slow
def test_guidance_sweep_needs_no_training(data, evaluator, checkpoint, tmp_path: Path) -> None:
    plan = Plan(5, data, tmp_path, checkpoint=str(checkpoint), training=False, protocol=PROTOCOL)
    text = run_table(plan, evaluator)
    rows = json.loads((tmp_path / "table-5" / "table.json").read_text())["rows"]
    assert [row["settings"].get("reg_scale") for row in rows.values()] == [None, 0, 3, 4, 5, 0, 0, 0, 0, 5]
    assert len({row["metrics"]["fid"]["mean"] for row in rows.values()}) == 10
    assert "budget" not in text
    assert not (tmp_path / "variants").exists()
    assert text.index(f"| {GROUND_TRUTH} |") < text.index("| (0, 0) |") < text.index("| (5, 1.5) |")


@pytest.mark.slow
def test_inference_times_stand_in_table_3_and_are_kept(data, evaluator, checkpoint, tmp_path: Path) -> None:
    plan = Plan(3, data, tmp_path, checkpoint=str(checkpoint), training=False, protocol=PROTOCOL, sentences=2)
    text = run_table(plan, evaluator)
    assert "Not run: MDM (50 steps): None." in text
    assert "AITS: batch 1, text encoding included, loading excluded, 2 sentences of 38 frames" in text
    times = json.loads((tmp_path / "table-3" / "aits.json").read_text())["rows"]
    assert len(times) == 5
    assert f"| [46, 44] | {times['[46, 44]']['aits']:.3f} | " in text
    assert run_table(plan, evaluator) == text


@pytest.mark.slow
def test_inference_times_are_measured_anew_for_other_sentences(
    data, evaluator, checkpoint, tmp_path: Path
) -> None:
    plan = Plan(3, data, tmp_path, checkpoint=str(checkpoint), training=False, protocol=PROTOCOL, sentences=1)
    run_table(plan, evaluator)
    file = tmp_path / "table-3" / "aits.json"
    stored = json.loads(file.read_text())
    assert "3 sentences" in run_table(dataclasses.replace(plan, sentences=3), evaluator)
    stored["setup"]["device"] = "cuda"
    stored["machine"] = "another machine"
    stored["setup"]["sentences"] = 3
    file.write_text(json.dumps(stored))
    assert "another machine" not in run_table(dataclasses.replace(plan, sentences=3), evaluator)


def write_kit(folder: Path) -> Path:
    """A folder in KIT-ML's layout: random features, enough for R-Precision."""
    rng = np.random.default_rng(0)
    for name in ("new_joint_vecs", "texts"):
        (folder / name).mkdir(parents=True)
    names = [f"{i:05d}" for i in range(33)]
    for name in names:
        np.save(folder / "new_joint_vecs" / f"{name}.npy", rng.standard_normal((30, 251), np.float32))
        (folder / "texts" / f"{name}.txt").write_text("a person walks#a/DET#0.0#0.0\n")
    for split in ("train", "val", "test"):
        (folder / f"{split}.txt").write_text("\n".join(names) + "\n")
    np.save(folder / "Mean.npy", np.zeros(251, np.float32))
    np.save(folder / "Std.npy", np.ones(251, np.float32))
    return folder


def test_everything_is_checked_before_any_training(
    data, evaluator, checkpoint, config_file, tmp_path
) -> None:
    """Table 2 is KIT-ML's: its data, evaluator and checkpoints have to be; nothing is trained otherwise."""
    kit = write_kit(tmp_path / "kit")
    config = dataclasses.replace(evaluator.network.config, skeleton="kit-ml")
    theirs = OpenEvaluator(OpenEvaluatorNetwork(config), shipped_text_backbone(), "theirs")
    plan = Plan(2, kit, tmp_path / "out", config_file, protocol=PROTOCOL)
    wrong = [
        (plan, evaluator, "holds kit-ml features, the evaluator untrained reads humanml3d's"),
        (dataclasses.replace(plan, data=data), evaluator, "Table 2 is about KIT-ML: .* holds humanml3d"),
        (
            dataclasses.replace(plan, mdm=str(checkpoint)),
            theirs,
            "makes humanml3d motions, kit holds",
        ),
        (dataclasses.replace(plan, mdm="nowhere"), theirs, "no checkpoint at 'nowhere'"),
        (dataclasses.replace(plan, budget=3.0), theirs, "budget 3"),
        (
            dataclasses.replace(plan, protocol=Protocol(clips=20)),
            theirs,
            "20 clips in split test are too few",
        ),
    ]
    for asked, judge, message in wrong:
        with pytest.raises(ValueError, match=message):
            run_table(asked, judge)
    (kit / "val.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"val\.txt"):
        run_table(plan, theirs)
    assert not (tmp_path / "out" / "variants").exists()


def test_prompts_of_the_user_study_are_drawn_from_the_test_split(data) -> None:
    prompts, seconds = draw_prompts(data, 30, seed=1)
    assert len(set(prompts)) == 30
    assert all(prompt.startswith("a person plays shot") for prompt in prompts)
    assert set(seconds) == {41 / 20}
    assert draw_prompts(data, 30, seed=1)[0] == prompts
    assert draw_prompts(data, 30, seed=2)[0] != prompts
    with pytest.raises(ValueError, match="only 34 different test captions, fewer than 35"):
        draw_prompts(data, 35, seed=1)


def test_markdown_marks_what_is_not_measured() -> None:
    metrics = {"fid": {"mean": 1.0, "half_width": 0.5}, "aits": {"mean": 0.25, "half_width": 0.0}}
    text = markdown(3, "How.", {"rows": {GROUND_TRUTH: {"metrics": {}}, "[46, 44]": {"metrics": metrics}}})
    assert "| | AITS, s ↓ | FID ↓ | reported by the paper, HumanML3D |" in text
    assert "| [46, 44] | 0.250 | 1.000 ± 0.500 | – | – |" in text
    assert "| All except the initial step | – | – | R@1 0.561, FID 0.032 [2] | – |" in text


def sample(setting: Row, **call) -> torch.Tensor:
    pipeline = setting.load("cpu")
    prompts = ["a person walks", "a person waves"]
    made = pipeline(prompts, [40, 30], num_inference_steps=6, seed=1, output_type="features", **call).motions
    return torch.cat(made)


def test_studied_pipeline_takes_eq_10_apart(checkpoint) -> None:
    def setting(**choice) -> Setting:  # small random networks hardly heed their latents: strong guidance
        return Setting("s", str(checkpoint), reg_scale=60.0, cfg_scale=20.0, **choice)

    plain = Row("s", str(checkpoint), reg_scale=60.0, cfg_scale=20.0)
    torch.testing.assert_close(sample(setting()), sample(plain), atol=1e-4, rtol=1e-4)
    others = [setting(estimate=e, start=s) for e, s in (("unguided", "present"), ("guided", "before"))]
    papers, *made = [sample(one) for one in (setting(), *others)]
    assert min((papers - other).abs().max() for other in made) > 1e-2
    papers, *made = [sample(one, reg_scale=0.0) for one in (setting(), *others)]
    assert all(torch.equal(papers, other) for other in made)


def test_reconstruction_from_before_repeats_the_step_before(checkpoint) -> None:
    """Guiding from x_t of the step before, with its timestep, reconstructs exactly what was seen there."""
    pipeline = Setting("s", str(checkpoint), start="before", estimate="unguided").load("cpu")
    torch.manual_seed(0)
    latents, (before, now) = torch.randn(1, 16), torch.randn(2, 1, 40, 263)
    first = pipeline.denoise(before, 46, latents, scheduler=RAMScheduler(SchedulerConfig(cfg_scale=0.0)))
    only_reg = RAMScheduler(SchedulerConfig(reg_scale=2.0, cfg_scale=0.0))
    second = pipeline.denoise(now, 44, latents, previous=torch.zeros_like(first), scheduler=only_reg)
    cond = pipeline.denoise(now, 44, latents, scheduler=RAMScheduler(SchedulerConfig(cfg_scale=0.0)))
    timestep = torch.tensor([46])
    recon = pipeline.denoiser(before, timestep, pipeline.motion_encoder(first, None), None)
    torch.testing.assert_close(second, cond + 2.0 * (cond - recon))


def test_score_weighs_distribution_fidelity_and_physics() -> None:
    truth = {"fid": 0.01, "r_precision_1": 0.6, "jerk": 10.0, "foot_skating": 0.05}
    base = {"fid": 1.0, "r_precision_1": 0.5, "jerk": 10.0, "foot_skating": 0.05}
    assert score(base | {"fid": 0.5}, truth) == pytest.approx(score(base, truth) - math.log(2))
    assert score(base | {"r_precision_1": 0.25}, truth) == pytest.approx(score(base, truth) + math.log(2))
    assert score(base | {"jerk": 20.0}, truth) == pytest.approx(score(base, truth) + math.log(2) / 2)
    assert score(base | {"jerk": 5.0}, truth) == score(base | {"jerk": 20.0}, truth)
    assert score(base | {"foot_skating": 0.01}, truth) == score(base, truth)


@pytest.mark.slow
def test_study_chooses_on_validation_and_reports_on_test(
    data, evaluator, checkpoint, tmp_path: Path, monkeypatch
) -> None:
    stages = {
        "what REG guides away from": guidance_study.STAGES["what REG guides away from"][:2],
        "cfg_scale": ({"cfg_scale": 1.5}, {"cfg_scale": 0.0}),
    }
    monkeypatch.setattr(guidance_study, "STAGES", stages)
    protocols = [dataclasses.replace(PROTOCOL, split=split) for split in ("val", "test")]
    content = study(data, tmp_path, evaluator, str(checkpoint), *protocols)
    assert content["presets"]["paper"] == PAPER_GUIDANCE
    chosen = content["presets"]["recommended"]
    last = content["validation"]["cfg_scale"]
    assert last["taken"] == name_of(chosen)
    scores = {name: row["score"] for name, row in last["rows"].items() if name != GROUND_TRUTH}
    assert scores[last["taken"]] <= min(scores.values()) + 0.05
    assert list(content["test"]["rows"]) == [GROUND_TRUTH, "recommended", "paper", "CFG only", "no guidance"]
    assert content["test"]["split"] == "test"
    written = (tmp_path / "study.md").read_text()
    assert "**Recommended: " in written
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("replications/**/*.json")}
    assert study(data, tmp_path, evaluator, str(checkpoint), *protocols) == content
    assert stamps == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("replications/**/*.json")}
