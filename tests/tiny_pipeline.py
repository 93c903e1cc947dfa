"""A whole pipeline of small random networks and the text backbone it stands on, as real files."""

import copy
import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ram_sdk import RAMPipeline, RAMScheduler, models
from ram_sdk.checkpoint import load_text_backbone, write_json
from ram_sdk.models.text_backbone import TextBackboneConfig

if TYPE_CHECKING:
    from training.objective import RAMObjective

WORDS = (
    "a an the person man someone walks runs jumps waves kicks turns forward backward left right hand leg "
    "slowly quickly and then up down is with their his her in place circle word"
)


def write_tiny_bert(folder: Path) -> TextBackboneConfig:
    """A real BERT of two small layers with a real tokenizer, as files; returns what it should be known as."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertModel

    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS.split()])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_truncation(8)  # as sentence-transformers' files do: the backbone must switch it off
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    folder.mkdir(parents=True, exist_ok=True)
    BertModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    return TextBackboneConfig("acme/tiny-bert", "main", digest, 32, place="folder")


def build_tiny_pipeline(folder: Path) -> RAMPipeline:
    """A pipeline of small random networks around the backbone in `folder`."""
    backbone = load_text_backbone(write_tiny_bert(folder), folder)
    write_json(folder / "backbone.json", dataclasses.asdict(backbone.config))
    torch.manual_seed(1)
    sizes = {"latent_dim": 16, "feedforward": 48, "num_layers": 2, "num_heads": 4}
    normalizer = models.FeatureNormalizer(models.NormalizerConfig())
    normalizer.mean.normal_()
    normalizer.std.uniform_(0.1, 0.3)
    return RAMPipeline(
        text_backbone=backbone,
        text_encoder=models.TextEncoder(models.EncoderConfig(32, **sizes)).eval(),
        motion_encoder=models.MotionEncoder(models.EncoderConfig(263, **sizes)).eval(),
        denoiser=models.MotionDenoiser(models.DenoiserConfig(width=32, **sizes)).eval(),
        normalizer=normalizer,
        duration_estimator=models.DurationEstimator(models.DurationConfig(32)).eval(),
        scheduler=RAMScheduler(),
    )


def objective_of(pipeline: RAMPipeline) -> "RAMObjective":
    """The training objective of copies of a pipeline's networks."""
    from training.objective import ObjectiveConfig, RAMObjective

    parts = [
        copy.deepcopy(getattr(pipeline, name)) for name in ("denoiser", "motion_encoder", "text_encoder")
    ]
    return RAMObjective(*parts, pipeline.scheduler, ObjectiveConfig())
