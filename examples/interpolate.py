"""From walking to running in five latents with the same noise; and a motion reconstructed from its latent."""

from ram_sdk import RAMPipeline

pipe = RAMPipeline.from_pretrained()
latents = pipe.interpolate("a person walks forward", "a person runs forward", steps=5)
for index, motion in enumerate(pipe(latents=latents, num_frames=60, seed=1).motions):
    motion.save(f"between_{index}.png")

walk = pipe("a person walks forward", num_frames=60, seed=1).motions[0]
pipe.reconstruct(walk, seed=2).save("walk_again.png")
