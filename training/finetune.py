"""Fine-tune a checkpoint on your own motions.

Denoiser, text encoder and motion encoder are fine-tuned jointly, as they were trained (eq. 9), so that REG
reconstructs with an encoder that knows the new motions. The rest is frozen: the text backbone, which is never
trained; the mean and standard deviation of the features, because the weights expect those units; and the
duration estimator, which takes thousands of captions to fit: pass `duration` if your motions are longer or
shorter than it estimates.

A network that is fine-tuned on only a few clips forgets the rest: it answers every prompt with one of them.
So half of the sampled clips are motions that the checkpoint itself generated beforehand for simple prompts
(the prior preservation of DreamBooth, Ruiz et al., 2023, section 3.2).
"""

import copy
import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path

from ram_sdk import RAMPipeline
from ram_sdk.checkpoint import INDEX
from ram_sdk.checkpoint.lora import NETWORKS, WEIGHTS
from ram_sdk.files import write_whole
from training.config import TrainingConfig
from training.data.captioned import read_captioned
from training.data.clip import Clip
from training.dataset import Batches, CaptionStates, fingerprint
from training.loop import fit, make_accelerator
from training.lora import add_lora, save_lora
from training.objective import RAMObjective
from training.run_folder import RunFolder
from training.trainer import Trainer

_BATCH_SIZE = 32  # motions that the checkpoint generates together
_SET_BY_CHECKPOINT = ("model", "text_backbone", "initial_checkpoint", "min_frames", "max_frames")

_CARD = """---
library_name: ram_sdk
pipeline_tag: text-to-3d
tags:
- text-to-motion
- human-motion
- {kind}
---

# RAM fine-tuned on {clips} clips

`{base}`, fine-tuned for {steps:,} steps by `python -m training finetune` (learning rate
{rate:g}{rank}).

```python
from ram_sdk import RAMPipeline

{load}
```

The weights are derived from the checkpoint and the clips: the licences of both apply. Before you publish it,
state here what the clips are and who may use them.
"""
_LOAD = {
    "full": 'pipe = RAMPipeline.from_pretrained("<this repository or folder>")',
    "lora": 'pipe = RAMPipeline.from_pretrained("{base}")\npipe.load_lora("<this repository or folder>")',
}


def finetune(
    pipeline: RAMPipeline,
    table: Path,
    out: Path,
    config: TrainingConfig,
    rank: int | None,
    prompts: Sequence[str],
    cpu: bool = False,
) -> bool:
    """Fine-tune a checkpoint, and write the result as a pipeline folder or a LoRA.

    Args:
        pipeline: the checkpoint; it is not changed.
        table: CSV file of captions, next to the motions that it names.
        out: folder to write.
        config: of the run; settings that belong to the checkpoint are taken from the checkpoint.
        rank: rank of the LoRA, or None to train all weights.
        prompts: to rehearse: the checkpoint generates a motion for each, which are added to the clips.
        cpu: use the CPU even if there is an accelerator.

    Returns:
        Whether the run was completed; False after a SIGTERM.

    Raises:
        FileNotFoundError: there is no such table.
        ValueError: the table or its motions are invalid (all problems are listed), the configuration sets
            what belongs to the checkpoint, or `out` already holds the result of a run.
    """
    if (out / INDEX).exists() or (out / WEIGHTS).exists():
        raise ValueError(f"{out} holds the result of an earlier run: choose another folder")
    config = _configured(config, pipeline, bool(prompts))
    clips = read_captioned(table, pipeline.normalizer.config, pipeline.text_backbone)
    run = RunFolder(out / "run")
    accelerator = make_accelerator(config, run.root, cpu)
    device = accelerator.device
    pipeline.to(device)
    count, mean, std = len(clips), pipeline.normalizer.mean, pipeline.normalizer.std
    data_hash = fingerprint(clips, mean.cpu().numpy(), std.cpu().numpy())  # without rehearsed clips
    clips += rehearse(pipeline, prompts, config.seed)
    captions = [caption for clip in clips for caption in clip.captions]
    with accelerator.main_process_first():
        states = CaptionStates(captions, pipeline.text_backbone, run.root / "captions", device)
    batches = Batches(clips, states, mean, std, config, device)
    trainer = Trainer(config, _objective(pipeline, config, rank), accelerator)
    fit(
        trainer,
        run,
        run.newest(),
        batches,
        batches,
        lambda: _with_networks(pipeline, trainer.average),
        data_hash,
    )
    if trainer.step < config.max_steps:
        return False
    if accelerator.is_main_process:
        _write(pipeline, trainer, out, count, rank)
        shutil.rmtree(run.root / "checkpoints")
    return True


def rehearse(pipeline: RAMPipeline, prompts: Sequence[str], seed: int) -> list[Clip]:
    """Motions that a pipeline generates for prompts, one each, as training clips."""
    clips = []
    for start in range(0, len(prompts), _BATCH_SIZE):
        chosen = prompts[start : start + _BATCH_SIZE]
        motions = pipeline(chosen, seed=seed, output_type="features").motions
        clips += [Clip(m.numpy(), (p,), "rehearsed") for m, p in zip(motions, chosen, strict=True)]
    return clips


def read_prompts(path: Path) -> list[str]:
    """The prompts in a text file, one per line."""
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _configured(config: TrainingConfig, pipeline: RAMPipeline, rehearsing: bool) -> TrainingConfig:
    """The configuration with the checkpoint's settings; without rehearsal there is nothing to balance."""
    for key in _SET_BY_CHECKPOINT:
        if getattr(config, key) != getattr(TrainingConfig(), key):
            raise ValueError(f"{key} belongs to the checkpoint: it cannot be set when fine-tuning")
    motion = pipeline.normalizer.config
    objective = config.objective
    if pipeline.motion_encoder is None:
        objective = dataclasses.replace(objective, reconstruction=0.0)
    return dataclasses.replace(
        config,
        min_frames=motion.min_frames,
        max_frames=motion.max_frames,
        balance=config.balance if rehearsing else 0.0,
        objective=objective,
    )


def _objective(pipeline: RAMPipeline, config: TrainingConfig, rank: int | None) -> RAMObjective:
    """The objective with copies of the checkpoint's networks, of which all weights or a LoRA are trained."""
    denoiser, motion_encoder, text_encoder = (copy.deepcopy(getattr(pipeline, name)) for name in NETWORKS)
    objective = RAMObjective(denoiser, motion_encoder, text_encoder, pipeline.scheduler, config.objective)
    objective.requires_grad_(True)
    if rank is not None:
        add_lora(objective, rank, config.seed, pipeline.name)
    return objective


def _with_networks(pipeline: RAMPipeline, objective: RAMObjective) -> RAMPipeline:
    return RAMPipeline(**pipeline.components | {name: getattr(objective, name) for name in NETWORKS})


def _write(pipeline: RAMPipeline, trainer: Trainer, out: Path, clips: int, rank: int | None) -> None:
    kind, config = ("full" if rank is None else "lora"), trainer.config
    card = _CARD.format(
        kind="fine-tuned" if rank is None else "lora",
        clips=clips,
        base=pipeline.name,
        steps=config.max_steps,
        rate=config.optimizer.learning_rate,
        rank="" if rank is None else f", LoRA of rank {rank}",
        load=_LOAD[kind].format(base=pipeline.name),
    )
    write_whole(out / "README.md", card.encode())
    if rank is None:
        _with_networks(pipeline, trainer.average).save_pretrained(out)
    else:
        save_lora(trainer.average, rank, pipeline, out)
