"""The parts of a pipeline, and how they are loaded, saved, moved and changed by a LoRA."""

import os
from pathlib import Path
from typing import Any, Self

import torch

from ram_sdk import checkpoint, inputs
from ram_sdk.checkpoint import COMPONENTS, HubOptions, lora
from ram_sdk.checkpoint.card import write_model_card
from ram_sdk.devices import available_device
from ram_sdk.models import (
    DurationEstimator,
    Exemplars,
    FeatureNormalizer,
    KnownActions,
    Matcher,
    MotionDenoiser,
    MotionEncoder,
    PromptReader,
    TextEncoder,
    TokenMean,
)
from ram_sdk.models.text_backbone import TextBackbone
from ram_sdk.scheduler import RAMScheduler


class PipelineParts:
    """The part of `RAMPipeline` that holds the networks; see there."""

    def __init__(
        self,
        text_backbone: TextBackbone,
        text_encoder: TextEncoder | TokenMean,
        motion_encoder: MotionEncoder | None,
        denoiser: MotionDenoiser,
        normalizer: FeatureNormalizer,
        duration_estimator: DurationEstimator,
        scheduler: RAMScheduler,
        matcher: Matcher | None = None,
        known_actions: KnownActions | None = None,
        exemplars: Exemplars | None = None,
        reader: PromptReader | None = None,
    ) -> None:
        self.text_backbone = text_backbone
        self.text_encoder = text_encoder
        self.motion_encoder = motion_encoder
        self.denoiser = denoiser
        self.normalizer = normalizer
        self.duration_estimator = duration_estimator
        self.scheduler = scheduler
        self.matcher = matcher
        self.known_actions = known_actions
        self.exemplars = exemplars
        self.reader = reader
        self.lora: lora.Lora | None = None
        self.name = "unnamed"
        self.folder: Path | None = None
        self.licence: str | None = None
        self._progress_bar_config: dict[str, Any] = {}

    @classmethod
    def from_pretrained(
        cls,
        source: str | os.PathLike[str] = checkpoint.DEFAULT,
        *,
        revision: str | None = None,
        variant: str | None = None,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
        token: str | bool | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        local_files_only: bool = False,
        **components: Any,
    ) -> Self:
        """Load a pipeline.

        Args:
            source: the name of a checkpoint in the package ("open-small", for non-commercial use, or
                "open-free-small"), a pipeline folder, or a Hub repository "org/name". A folder that has such
                a name is "./open-small" or a Path.
            revision: branch, tag or commit on the Hub.
            variant: load `model.<variant>.safetensors`, such as "fp16"; without a fallback.
            dtype: precision of the networks.
            device: where they run; "auto" is CUDA or MPS if available.
            token: Hub access token; True uses the stored login.
            cache_dir: where downloads are kept.
            local_files_only: never use the network. Otherwise a download from which nothing arrives for 30
                seconds is cancelled.
            **components: parts to use instead of the checkpoint's, by attribute name.

        Raises:
            CheckpointError: no pipeline there, or a part is missing, damaged or does not fit.
            ValueError: this machine or this torch has no such device.
            TypeError: a component name that does not exist.
        """
        inputs.refuse_unknown(sorted(components.keys() - COMPONENTS.keys()))
        device = available_device(device)
        hub = HubOptions(token, cache_dir, local_files_only)
        folder = checkpoint.find(source, revision=revision, variant=variant, hub=hub)
        parts = {
            name: components[name]
            if name in components
            else checkpoint.load_component(folder, name, component, variant, hub)
            for name, component in checkpoint.read_index(folder).items()
        }
        pipeline = cls(**parts)
        pipeline.name, pipeline.folder = str(source), folder
        pipeline.licence = checkpoint.licence_of(folder)
        return pipeline.to(device, dtype)

    def save_pretrained(self, folder: str | os.PathLike[str], *, variant: str | None = None) -> None:
        """Write a pipeline folder that `from_pretrained` loads; a loaded LoRA is in its weights.

        Args:
            folder: made if it does not exist.
            variant: "fp16" or "bf16" stores the networks in that precision as `model.<variant>.safetensors`;
                None as `model.safetensors` in the precision that they have.
        """
        checkpoint.save(self.components, Path(folder), variant)
        write_model_card(self, Path(folder))

    def push_to_hub(
        self,
        repo_id: str,
        *,
        private: bool = False,
        token: str | bool | None = None,
        revision: str | None = None,
        commit_message: str = "Upload RAM pipeline",
        create_pr: bool = False,
    ) -> str:
        """Upload the pipeline, with its model card, to the Hugging Face Hub.

        Returns:
            The address of the commit.
        """
        return checkpoint.push(
            self.save_pretrained,
            repo_id,
            private=private,
            token=token,
            revision=revision,
            commit_message=commit_message,
            create_pr=create_pr,
        )

    def load_lora(
        self,
        source: str | os.PathLike[str],
        scale: float = 1.0,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        local_files_only: bool = False,
    ) -> None:
        """Merge a LoRA, such as `training.finetune` makes, into the networks until `unload_lora`.

        Networks that this pipeline shares with others change there too.

        Args:
            source: a folder or a Hub repository "org/name" with the `peft` library's two files.
            scale: how much of it, see `set_lora_scale`.
            revision: branch, tag or commit on the Hub.
            token: Hub access token; True uses the stored login.
            cache_dir: where downloads are kept.
            local_files_only: never use the network.

        Raises:
            CheckpointError: no LoRA there, or it is damaged, of another kind, or made on another checkpoint.
            ValueError: a LoRA is loaded already, or the scale is not a finite number.
        """
        if self.lora is not None:
            raise ValueError(f"the LoRA {self.lora.name!r} is loaded already: call unload_lora() first")
        lora.check_scale(scale)
        hub = HubOptions(token, cache_dir, local_files_only)
        folder = checkpoint.locate(source, lora.CONFIG, [lora.CONFIG, lora.WEIGHTS], "LoRA", revision, hub)
        self.lora = lora.load(folder, str(source), self.components, self.name)
        self.lora.merge(scale)

    def set_lora_scale(self, scale: float) -> None:
        """Set the strength of the loaded LoRA: 0 none of it, 1 as it was trained.

        Raises:
            ValueError: no LoRA is loaded, or the scale is not a finite number.
        """
        if self.lora is None:
            raise ValueError("no LoRA is loaded: call load_lora(folder) first")
        lora.check_scale(scale)
        self.lora.merge(scale)

    def unload_lora(self) -> None:
        """Unload the LoRA: the weights are restored bit for bit.

        Raises:
            ValueError: no LoRA is loaded.
        """
        self.set_lora_scale(0.0)
        self.lora = None

    @property
    def components(self) -> dict[str, Any]:
        """The parts by name; pass them to a second pipeline to share them."""
        return {name: getattr(self, name) for name in COMPONENTS}

    @property
    def device(self) -> torch.device:
        """Where the networks run."""
        return next(self.denoiser.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the networks."""
        return next(self.denoiser.parameters()).dtype

    def to(self, device: str | torch.device | None = None, dtype: torch.dtype | None = None) -> Self:
        """Move the networks; returns the pipeline itself. Feature statistics stay in float32."""
        for network in (self.text_backbone.model, self.text_encoder, self.motion_encoder, self.denoiser):
            if network is not None:
                network.to(device, dtype)
        self.normalizer.to(device)
        self.duration_estimator.to(device, dtype)
        return self
