"""The rows of the paper's tables: the weights and the sampling settings of each.

Names are those of `paper.json`, which holds the figures that the paper reports for these rows.
"""

from dataclasses import dataclass

MDM = ("model.text_encoder=pooled", "objective.reconstruction=0")
"""MDM as trained by this project: no motion encoder, the mean of the text's token states as condition."""


@dataclass(frozen=True)
class TableRow:
    """One row; the defaults are the paper's (section 4.2)."""

    name: str
    overrides: tuple[str, ...] | None = None  # of the training; None: the checkpoint that the table is about
    reg_scale: float = 5.0
    cfg_scale: float = 1.5
    steps: int = 20
    reg_timesteps: tuple[int, ...] | None = None
    paper: str | None = None  # the row of the paper that it is compared with; None: the one of the same name


@dataclass(frozen=True)
class Table:
    """A table of the paper."""

    rows: tuple[TableRow, ...]
    note: str = ""  # what the paper does not specify, and what is done here


_COMPARISON = Table(
    (
        TableRow("MDM", MDM, reg_scale=0.0, steps=50),
        TableRow("RAM (Ours)"),
        TableRow("RAM, CFG only", reg_scale=0.0),
        TableRow("RAM, no guidance", reg_scale=0.0, cfg_scale=0.0),
    ),
    "MDM is this project's, trained on the same data and budget; 50 steps and its guidance of 2.5.",
)
_REG_STEPS = (46, 44, 41, 39, 36, 34)


def _loss(alignment: float, self_regularization: float) -> tuple[str, ...]:
    return (f"objective.alignment={alignment}", f"objective.self_regularization={self_regularization}")


def _latent_space(alignment: float, contrastive: float, temperature: float = 1.0) -> tuple[str, ...]:
    return (
        *_loss(alignment, 0),
        "objective.beta=1",
        f"objective.contrastive={contrastive}",
        f"objective.contrastive_temperature={temperature}",
    )


TABLES: dict[int, Table] = {
    1: _COMPARISON,
    2: _COMPARISON,
    3: Table(
        (
            TableRow("MDM (50 steps): None", MDM, reg_scale=0.0, steps=50),
            TableRow("RAM (20 steps): None", reg_scale=0.0),
            *(
                TableRow(str(list(_REG_STEPS[:count])), reg_timesteps=_REG_STEPS[:count])
                for count in (2, 4, 6)
            ),
            TableRow("All except the initial step"),
        ),
        "CFG is on in every row.",
    ),
    4: Table(
        (
            TableRow("D + E_t", ("objective.reconstruction=0",), reg_scale=0.0),
            TableRow("+ E_m", _loss(0, 0), reg_scale=0.0),
            TableRow("+ E_m + L_sr", _loss(0, 0.5), reg_scale=0.0, paper="+ first loss"),
            TableRow("+ E_m + L_align", _loss(1, 0), reg_scale=0.0, paper="+ first loss"),
            TableRow("+ both losses", (), reg_scale=0.0, paper="+ second loss"),
            TableRow("+ REG", ()),
        ),
        "It is unknown which loss the paper adds first: both orders are run. CFG is on in every row.",
    ),
    5: Table(
        tuple(
            TableRow(f"({reg:g}, {cfg:g})", reg_scale=reg, cfg_scale=cfg)
            for reg, cfg in (
                *((scale, 0.0) for scale in (0.0, 3.0, 4.0, 5.0)),
                *((0.0, scale) for scale in (1.5, 2.5, 3.5, 4.5)),
                (5.0, 1.5),
            )
        )
    ),
    6: Table(
        (
            TableRow("Variant A", _loss(0, 0), reg_scale=0.0),
            TableRow("Variant B", _latent_space(1, 0), reg_scale=0.0),
            TableRow("Variant C", _latent_space(1e-5, 0), reg_scale=0.0),
            TableRow("Variant D", _latent_space(0, 1), reg_scale=0.0),
            TableRow("Variant E", _latent_space(1e-5, 0.1, 0.1), reg_scale=0.0),
            TableRow("Ours", (), reg_scale=0.0),
        ),
        "No row has a KL term. Our readings: Variant D's temperature of 1.0, which the paper does not give, "
        "and for B to E squared errors where TEMOS and TMR use smooth L1, and no filter of similar captions.",
    ),
    7: Table(
        tuple(
            TableRow(
                f"beta {beta:g}, tau {tau:g}", (f"objective.beta={beta}", f"objective.temperature={tau}")
            )
            for beta, tau in ((1, 1), (0.1, 1), (0.01, 1), (0, 1), (0.01, 2), (0.01, 0.5))
        ),
        "The paper does not say how these rows sample: REG and CFG at its defaults.",
    ),
    8: Table(
        tuple(
            TableRow(f"({align:g}, {sr:g})", _loss(align, sr))
            for align, sr in ((1, 1), (1, 0.5), (1, 0.1), (1, 0), (0.5, 1), (0.1, 1), (0, 1))
        ),
        "The paper does not say how these rows sample: REG and CFG at its defaults.",
    ),
    9: Table(
        tuple(TableRow(str(d), (f"model.latent_dim={d}",)) for d in (128, 192, 256, 384, 512)),
        "The paper does not say how these rows sample: REG and CFG at its defaults.",
    ),
}
