"""The effect of REG and CFG on the same noise: a strip of poses for each setting."""

from ram_sdk import RAMPipeline

pipe = RAMPipeline.from_pretrained()
for reg_scale, cfg_scale in ((0.0, 0.0), (0.0, 1.5), (5.0, 0.0), (5.0, 1.5)):
    motion = pipe(
        "a person waves with the right hand", duration=4.0, seed=3, reg_scale=reg_scale, cfg_scale=cfg_scale
    ).motions[0]
    motion.save(f"wave_reg{reg_scale:g}_cfg{cfg_scale:g}.png")
