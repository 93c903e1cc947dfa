"""Search the motions of a folder by text."""

from pathlib import Path

from ram_sdk import MotionIndex, RAMPipeline

pipe = RAMPipeline.from_pretrained()
folder = Path("motions")
for number, motion in enumerate(
    pipe(["a person walks", "a person waves", "a person sits down"], seed=1).motions
):
    motion.save(folder / f"{number}.npz")

index = MotionIndex.build(pipe, folder)
index.save("motions.index")
for match in pipe.search("someone greets with a hand", MotionIndex.load("motions.index")):
    print(f"{match.similarity:.2f} {match.path}")
