"""The best of eight candidates, compared with a single one."""

from ram_sdk import RAMPipeline

pipe = RAMPipeline.from_pretrained()
for candidates in (1, 8):
    motion = pipe("a person waves with the left hand", seed=3, num_candidates=candidates).motions[0]
    motion.save(f"wave_best_of_{candidates}.png")
    print(candidates, motion.settings.get("scores"))
