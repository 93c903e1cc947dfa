"""The gain of best-of-n sampling: one motion for a prompt against the best of several."""

import torch.nn.functional as F

from ram_sdk import Motion, RAMPipeline
from training.data.folder import Caption
from training.evaluation.evaluator import Sample
from training.evaluation.metrics import r_precision
from training.evaluation.open_evaluator import OPEN, OpenEvaluator
from training.evaluation.prompt_checks.body import Body
from training.evaluation.prompt_checks.suite import Prompt, does, load_suite, sound


def spread(count: int) -> list[Prompt]:
    """`count` single-sentence prompts, evenly spaced in the suite."""
    prompts = [prompt for prompt in load_suite() if len(prompt.wordings[0].sentences) == 1]
    return prompts[:: max(1, len(prompts) // count)][:count]


def measure(pipeline: RAMPipeline, prompts: list[Prompt], candidates: int, seed: int) -> str:
    """One line with checks passed, R@1 among the prompts' motions, and the mean similarity."""
    texts = [prompt.wordings[0].sentences[0] for prompt in prompts]
    motions: list[Motion] = []
    for prompt_text in texts:
        motions += pipeline(prompt_text, seed=seed, num_candidates=candidates).motions
    bodies = [Body(motion.joints) for motion in motions]
    passed = sum(does(p, b) and sound(p, b) for p, b in zip(prompts, bodies, strict=True))
    evaluator = OpenEvaluator.load(OPEN, pipeline.text_backbone)
    samples = [Sample(Caption(t, (), 0.0, 0.0), m.features) for t, m in zip(texts, motions, strict=True)]
    text, motion = (F.normalize(x, dim=-1) for x in evaluator.embed(samples))
    similar = [pipeline.similarity(t, m) for t, m in zip(texts, motions, strict=True)]
    return (
        f"best of {candidates}: {passed} of {len(prompts)} checks passed, R@1 among {len(prompts)} "
        f"{float(r_precision(text, motion, 1, len(prompts))):.2f}, cosine of the open evaluator "
        f"{float((text * motion).sum(-1).mean()):.3f}, similarity {sum(similar) / len(similar):.2f}"
    )
