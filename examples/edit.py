"""Edits of whole motions: a walk looped along a path, and a mirrored walk joined with a wave."""

from ram_sdk import RAMPipeline

pipe = RAMPipeline.from_pretrained()
walk, wave = pipe(["a person walks forward", "a person waves"], duration=4.0, seed=1).motions
long_walk = walk.loop(3)
long_walk.along([(0, 0), (0, 3), (3, 3)]).save("walk_round_a_corner.bvh")
walk.mirror().speed(1.2).join(wave.trim()).save("walk_then_wave.bvh")
