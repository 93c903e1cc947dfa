"""Constraints: a path, a stop, a hand's position, a loop, a gap between kept parts, a kept lower body."""

from ram_sdk import RAMPipeline
from ram_sdk.control import Joints, Keep, Loop, Path, Stop

pipe = RAMPipeline.from_pretrained()
walk = "a person walks forward"

curve = Path([(0, 0), (1, 1.75), (-1, 3.5), (0, 5.25)], smooth=True)
pipe(walk, duration=6.0, seed=1, constraints=[curve]).motions[0].save("s_curve.png")

pipe(walk, duration=5.0, seed=1, constraints=[Stop((1.0, 2.5), time=3.0)]).motions[0].save("stop.png")

reach = Joints(2.0, {"left_hand": (0.3, 1.5, 0.4)})
pipe("a person stands", duration=4.0, seed=1, constraints=[reach]).motions[0].save("reach.png")

loop = pipe(walk, duration=4.0, seed=1, constraints=[Loop()]).motions[0]
loop.save("loop.png")

gap = [Keep(loop, 0.0, 1.5), Keep(loop, 2.5)]
pipe("a person jumps", duration=4.0, seed=2, constraints=gap).motions[0].save("gap.png")
pipe.edit(loop, "a person waves with both hands", keep="lower", seed=3).motions[0].save("wave.png")
