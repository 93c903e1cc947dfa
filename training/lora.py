"""LoRAs for the objective's networks, made with the `peft` library; see `ram_sdk.checkpoint.lora`."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ram_sdk import RAMPipeline
from ram_sdk.checkpoint import lora
from ram_sdk.checkpoint.weights import write_weights
from ram_sdk.files import replacing
from ram_sdk.formats import MissingPackageError
from training.objective import RAMObjective

if TYPE_CHECKING:
    from peft import LoraConfig

TARGETS = (
    "query_key_value", "attention_output", "feedforward_input", "feedforward_output",
    "input_projection", "latent_projection", "output_projection", "projection",
)  # fmt: skip
"""Names of the linear layers that get a LoRA, in the denoiser and in both encoders."""


def add_lora(objective: RAMObjective, rank: int, seed: int, base: str) -> None:
    """Add a LoRA to the linear layers, without any effect yet, and freeze all other weights.

    The scale alpha is the rank, so that the factor alpha / r is 1 for every rank.

    Args:
        objective: its networks are changed in place.
        rank: r, columns of B and rows of A.
        seed: of the random A; B starts at zero.
        base: name of the checkpoint that the networks came from.

    Raises:
        MissingPackageError: `peft` is not installed, or does not work with the installed packages.
    """
    try:
        from peft import inject_adapter_in_model
    except ImportError as error:
        raise MissingPackageError.because(
            error, "LoRA training needs the peft library", "training"
        ) from error
    torch.manual_seed(seed)
    inject_adapter_in_model(_config(rank, base), objective)


def save_lora(objective: RAMObjective, rank: int, pipeline: RAMPipeline, folder: Path) -> None:
    """Write the LoRA of `add_lora` in the format that `RAMPipeline.load_lora` and `peft` read.

    Args:
        objective: holds the LoRA.
        rank: of the LoRA.
        pipeline: the checkpoint that it was trained on, unchanged.
        folder: made if it does not exist.
    """
    from peft import get_peft_model_state_dict

    weights = get_peft_model_state_dict(objective, save_embedding_layers=False)
    weights = {f"{lora.PREFIX}{key}": weight.cpu().contiguous() for key, weight in weights.items()}
    folder.mkdir(parents=True, exist_ok=True)
    config = _config(rank, pipeline.name)
    config.target_modules, config.inference_mode = list(TARGETS), True  # a list is ordered, peft's set is not
    config.save_pretrained(str(folder))
    with replacing(folder / lora.WEIGHTS) as temporary:  # last: it marks the folder as a LoRA
        write_weights(temporary, weights, lora.header(pipeline.name, pipeline.components))


def _config(rank: int, base: str) -> "LoraConfig":
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=rank, target_modules=list(TARGETS), base_model_name_or_path=base)
