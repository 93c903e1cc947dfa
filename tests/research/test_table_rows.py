"""Every row of the paper's tables as literal numbers: what is trained, and how it is sampled."""

from typing import Any

import pytest

from tests.training.tiny_training import CONFIGS
from training.config import load_config
from training.research.tables.rows import TABLES
from training.research.tables.run import rows_to_evaluate

# (reg_scale, cfg_scale, steps, REG's timesteps)
FULL = (5.0, 1.5, 20, None)
CFG = (0.0, 1.5, 20, None)
MDM = (0.0, 1.5, 50, None)
COMPARISON = {
    "MDM": MDM,
    "RAM (Ours)": FULL,
    "RAM, CFG only": CFG,
    "RAM, no guidance": (0.0, 0.0, 20, None),
}
SAMPLING: dict[int, dict[str, tuple[Any, ...]]] = {
    1: COMPARISON,
    2: COMPARISON,
    3: {
        "MDM (50 steps): None": MDM,
        "RAM (20 steps): None": CFG,
        "[46, 44]": (5.0, 1.5, 20, (46, 44)),
        "[46, 44, 41, 39]": (5.0, 1.5, 20, (46, 44, 41, 39)),
        "[46, 44, 41, 39, 36, 34]": (5.0, 1.5, 20, (46, 44, 41, 39, 36, 34)),
        "All except the initial step": FULL,
    },
    4: {
        "D + E_t": CFG,
        "+ E_m": CFG,
        "+ E_m + L_sr": CFG,
        "+ E_m + L_align": CFG,
        "+ both losses": CFG,
        "+ REG": FULL,
    },
    5: {
        "(0, 0)": (0.0, 0.0, 20, None),
        "(3, 0)": (3.0, 0.0, 20, None),
        "(4, 0)": (4.0, 0.0, 20, None),
        "(5, 0)": (5.0, 0.0, 20, None),
        "(0, 1.5)": (0.0, 1.5, 20, None),
        "(0, 2.5)": (0.0, 2.5, 20, None),
        "(0, 3.5)": (0.0, 3.5, 20, None),
        "(0, 4.5)": (0.0, 4.5, 20, None),
        "(5, 1.5)": FULL,
    },
    6: {name: CFG for name in ("Variant A", "Variant B", "Variant C", "Variant D", "Variant E", "Ours")},
    7: {
        "beta 1, tau 1": FULL,
        "beta 0.1, tau 1": FULL,
        "beta 0.01, tau 1": FULL,
        "beta 0, tau 1": FULL,
        "beta 0.01, tau 2": FULL,
        "beta 0.01, tau 0.5": FULL,
    },
    8: {
        name: FULL for name in ("(1, 1)", "(1, 0.5)", "(1, 0.1)", "(1, 0)", "(0.5, 1)", "(0.1, 1)", "(0, 1)")
    },
    9: {name: FULL for name in ("128", "192", "256", "384", "512")},
}
# (reconstruction, alignment, beta, self_regularization, temperature, contrastive, its temperature, d, E_t)
OURS = (1.0, 1.0, 0.01, 0.5, 1.0, 0.0, 0.1, 256, "transformer")
BASELINE = (0.0, 1.0, 0.01, 0.5, 1.0, 0.0, 0.1, 256, "pooled")
TRAINING: dict[int, dict[str, tuple[Any, ...]]] = {
    1: {"MDM": BASELINE},
    2: {"MDM": BASELINE},
    3: {"MDM (50 steps): None": BASELINE},
    4: {
        "D + E_t": (0.0, 1.0, 0.01, 0.5, 1.0, 0.0, 0.1, 256, "transformer"),
        "+ E_m": (1.0, 0.0, 0.01, 0.0, 1.0, 0.0, 0.1, 256, "transformer"),
        "+ E_m + L_sr": (1.0, 0.0, 0.01, 0.5, 1.0, 0.0, 0.1, 256, "transformer"),
        "+ E_m + L_align": (1.0, 1.0, 0.01, 0.0, 1.0, 0.0, 0.1, 256, "transformer"),
        "+ both losses": OURS,
        "+ REG": OURS,
    },
    5: {},
    6: {
        "Variant A": (1.0, 0.0, 0.01, 0.0, 1.0, 0.0, 0.1, 256, "transformer"),
        "Variant B": (1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 256, "transformer"),
        "Variant C": (1.0, 1e-5, 1.0, 0.0, 1.0, 0.0, 1.0, 256, "transformer"),
        "Variant D": (1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 256, "transformer"),
        "Variant E": (1.0, 1e-5, 1.0, 0.0, 1.0, 0.1, 0.1, 256, "transformer"),
        "Ours": OURS,
    },
    7: {
        "beta 1, tau 1": (1.0, 1.0, 1.0, 0.5, 1.0, 0.0, 0.1, 256, "transformer"),
        "beta 0.1, tau 1": (1.0, 1.0, 0.1, 0.5, 1.0, 0.0, 0.1, 256, "transformer"),
        "beta 0.01, tau 1": OURS,
        "beta 0, tau 1": (1.0, 1.0, 0.0, 0.5, 1.0, 0.0, 0.1, 256, "transformer"),
        "beta 0.01, tau 2": (1.0, 1.0, 0.01, 0.5, 2.0, 0.0, 0.1, 256, "transformer"),
        "beta 0.01, tau 0.5": (1.0, 1.0, 0.01, 0.5, 0.5, 0.0, 0.1, 256, "transformer"),
    },
    8: {
        "(1, 1)": (1.0, 1.0, 0.01, 1.0, 1.0, 0.0, 0.1, 256, "transformer"),
        "(1, 0.5)": OURS,
        "(1, 0.1)": (1.0, 1.0, 0.01, 0.1, 1.0, 0.0, 0.1, 256, "transformer"),
        "(1, 0)": (1.0, 1.0, 0.01, 0.0, 1.0, 0.0, 0.1, 256, "transformer"),
        "(0.5, 1)": (1.0, 0.5, 0.01, 1.0, 1.0, 0.0, 0.1, 256, "transformer"),
        "(0.1, 1)": (1.0, 0.1, 0.01, 1.0, 1.0, 0.0, 0.1, 256, "transformer"),
        "(0, 1)": (1.0, 0.0, 0.01, 1.0, 1.0, 0.0, 0.1, 256, "transformer"),
    },
    9: {str(d): (*OURS[:7], d, "transformer") for d in (128, 192, 256, 384, 512)},
}


@pytest.mark.parametrize("number", range(1, 10))
def test_rows_sample_as_the_paper_says(number: int) -> None:
    names = [row.name for row in TABLES[number].rows]
    rows = rows_to_evaluate(number, {name: f"folder of {name}" for name in names})
    sampled = {row.name: (row.reg_scale, row.cfg_scale, row.steps, row.reg_timesteps) for row in rows}
    assert sampled == SAMPLING[number]
    assert [row.checkpoint for row in rows] == [f"folder of {name}" for name in names]
    assert {(row.timestep_spacing, row.sampler) for row in rows} == {("linear", None)}


@pytest.mark.parametrize("number", range(1, 10))
def test_rows_train_as_the_paper_says(number: int) -> None:
    trained = {}
    for row in TABLES[number].rows:
        if row.overrides is not None:
            config = load_config(CONFIGS / "humanml3d.yaml", row.overrides)
            o, m = config.objective, config.model
            trained[row.name] = (
                o.reconstruction, o.alignment, o.beta, o.self_regularization, o.temperature,
                o.contrastive, o.contrastive_temperature, m.latent_dim, m.text_encoder,
            )  # fmt: skip
    assert trained == TRAINING[number]
