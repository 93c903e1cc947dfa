"""A walk on your own character: `python examples/retarget.py hero.glb`; or on one that is made here."""

import sys
from pathlib import Path

from ram_sdk import RAMPipeline

walk = RAMPipeline.from_pretrained()("a person walks forward", duration=4.0, seed=1).motions[0]
character = Path(sys.argv[1]) if len(sys.argv) > 1 else walk.save("character.glb", names="unreal")
retargeted = walk.retarget(character, root="ground", hands="relaxed")
print(f"{len(retargeted.joints)} joints found; wrote {retargeted.save('character_walks.glb')}")
