"""Training configurations: typos, odd YAML and values that make no sense are one line each."""

import json

import pytest
from tiny_training import config

from training.config import TrainingConfig, config_from_json, load_config
from training.run_folder import RunFolder


@pytest.mark.parametrize(
    "content",
    [
        b"batch_size:\t4\n\tx: 1\n",
        b"model:\n  latent_dim: 32\n dropout: 0\n",
        b"model: {latent_dim: 3\n",
        b"batch_size 4\n",
        b"min_frames: !!omap [a]\n",
        b"max_steps: *a\n",
        b"{}\n{}\n",
        b"{}\n[1, 2]\n",
        b"max_steps: !!set {a}\n",
        b"max_steps: {a: 1}\n",
        b"max_steps: -1e308\n",
        b"text_backbone: inf\n",
        b"model: 0b2\n",
        b"max_steps: 2020-13-45\n",
        b"max_steps: 2020-01-01\n",
        b"- a\n",
        b"just words",
        b"-0",
        b"# caf\xe9\nbatch_size: 4\n",
        b"batch_size: 4\nbatch_size: 5\n",
        b"seed: !!python/object/apply:os.system [touch ran]\n",
        b"seed: " + b"[" * 2000 + b"\n",
        b"seed: " + b"{" * 2000,
        b"seed: " + b"[" * 30 + b"]" * 30,
        b"seed: " + b"9" * 5000,
        b"? [a]\n: 1\n",
        b"a: &a [x, x]\nb: &b [*a, *a]\nbatch_size: [*b, *b]\n",
        b"emphasis: {walk: -1}\n",
        b"sampling: {reg_timesteps: 5}\n",
        b"\0",
        b"seed: !!timestamp soon\n",
        b"seed: !!bool maybe\n",
        b"seed: !!int many\n",
        b"1e308\n{}\n",
    ],
)
def test_bad_files_are_one_line(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"mine\.yaml") as caught:
        load_config(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert not (tmp_path / "ran").exists()


def test_the_line_is_named(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("model:\n  latent_dim: 32\n dropout: 0\n")
    with pytest.raises(ValueError, match=r"mine.yaml, line 3: not valid YAML"):
        load_config(path)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("batch_size=0", "batch_size 0: expected at least 1"),
        ("batch_size=-1", "batch_size -1: expected at least 1"),
        ("batch_size=4.0", "batch_size 4.0: expected a whole number"),
        ("accumulation=0", "accumulation 0: expected at least 1"),
        ("log_every=0", "log_every 0: expected at least 1"),
        ("save_every=0", "save_every 0: expected at least 1"),
        ("keep_checkpoints=0", "keep_checkpoints 0: expected at least 1"),
        ("max_steps=0", "max_steps 0: expected at least 1"),
        ("model.latent_dim=0", "model.latent_dim 0: expected at least 1"),
        ("model.latent_dim=-4", "model.latent_dim -4: expected at least 1"),
        ("model.num_heads=0", "model.num_heads 0: expected at least 1"),
        ("model.num_heads=5", "model: latent_dim 16: expected an even multiple of num_heads 5"),
        ("model.denoiser_width=33", "model: denoiser_width 33: expected an even multiple of num_heads 4"),
        ("model.denoiser_layers=1000000000", "model.denoiser_layers 1000000000: expected at most 128"),
        ("model.dropout=nan", "model.dropout 'nan': expected a number"),
        ("model.dropout=1.0", "model.dropout 1.0: expected less than 1"),
        ("sampling.num_train_timesteps=1000000", "num_train_timesteps 1000000: expected at most 5000"),
        ("sampling.reg_scale=.nan", "reg_scale nan: expected a finite number"),
        ("optimizer.learning_rate=0", "optimizer.learning_rate 0: expected more than 0"),
        ("optimizer.learning_rate=.inf", "optimizer.learning_rate inf: expected"),
        ("optimizer.ema_decay=2", "optimizer.ema_decay 2: expected less than 1"),
        ("objective.beta=-1", "objective.beta -1: expected at least 0"),
        ("min_frames=0", "min_frames 0: expected at least 4"),
        ("max_frames=10", "max_frames 10: expected at least min_frames 20"),
        ("seed=-1", "seed -1: expected at least 0"),
        ("seed=99999999999999999999999", "seed 99999999999999999999999: expected less than 4294967296"),
        ("balance=1e30", "balance 1e[+]?30: expected at most 10"),
        ("model=[", r"override 'model=\[', line 1: not valid YAML"),
        ("tracker.name=wandb", "override 'tracker.name=wandb': tracker is set to 'none', it has no keys"),
        (
            "optimizer.learningrate=1",
            "unknown key optimizer.learningrate: did you mean optimizer.learning_rate",
        ),
    ],
)
def test_values_that_make_no_sense(override, message):
    with pytest.raises(ValueError, match=message) as caught:
        config(override)
    assert "\n" not in str(caught.value)


def test_numbers_as_people_write_them():
    for text, value in (("1e-4", 1e-4), ("3E-3", 3e-3), ("1.5e2", 150.0), ("2", 2.0), ("0.001", 0.001)):
        assert config(f"optimizer.learning_rate={text}").optimizer.learning_rate == value
    assert config("max_steps=100_000").max_steps == 100_000


def test_reg_timesteps_can_be_set_and_read_back(tmp_path):
    wanted = config("sampling.reg_timesteps=[49, 46, 3]")
    assert wanted.sampling.reg_timesteps == (49, 46, 3)
    run = RunFolder(tmp_path)
    run.start(wanted, 0, "a machine", "data")
    assert run.config() == wanted
    assert config("sampling.reg_timesteps=null").sampling.reg_timesteps is None


@pytest.mark.parametrize("content", ["{", "[]", '{"batch_size": 0}', '{"old_key": 1}'])
def test_a_damaged_run_configuration_names_its_file(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ValueError, match=r"config\.json: "):
        RunFolder(tmp_path).config()


def test_defaults_are_within_their_bounds():
    assert config_from_json(json.dumps({}), "nothing") == TrainingConfig()
