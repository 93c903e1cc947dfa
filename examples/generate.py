"""Several motions for one prompt, saved for Blender and as animated GIFs."""

from ram_sdk import RAMPipeline

pipe = RAMPipeline.from_pretrained()
for motion in pipe("a person walks forward", seed=1, num_motions_per_prompt=3).motions:
    name = f"walk_{motion.settings['seed']}"
    motion.save(f"{name}.bvh")
    motion.save(f"{name}.gif")
    print(f"{name}: {motion.duration:.1f} s, {motion.joints[-1, 0, 2]:.1f} m forward")
