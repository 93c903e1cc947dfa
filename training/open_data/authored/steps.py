"""Keyframes of walking, in place or forward, step by step."""

from collections.abc import Mapping
from typing import Any

Keys = list[dict[str, Any]]


def step_keys(spec: Mapping[str, Any], count: int) -> Keys:
    """Keys for twice `count` steps, starting with the acting foot and ending with the feet side by side.

    Args:
        spec: `take`, the seconds of a step; `length` of a step and `lift` of the toe in metres; `heel`,
            degrees of the raised foot; `drop` of the pelvis in metres; `bend` and `twist` of the trunk in
            degrees; wrist positions relative to the shoulder as (out, up, front), `back` on the raised leg's
            side and `front` on the other; `elbow`, the direction of both elbows.
        count: pairs of steps.
    """
    length, take = float(spec["length"]), float(spec["take"])
    keys: Keys = []
    gone = 0.0
    for step in range(2 * count + (1 if length else 0)):
        last = step == 2 * count
        near, far = ("", "other_") if step % 2 == 0 else ("other_", "")
        out = 0.03 if step % 2 else -0.03
        gone += length / 2 if last else length
        after = gone if last else gone + length / 2
        before = max(0.0, after - 2 * length)
        middle = (before + after) / 2 - (0.02 if length else 0.0)
        swing = 1 if step % 2 == 0 else -1
        keys += [
            {
                "take": 1.5 * take,
                "at_once": True,
                "flow": 0.5,
                "pelvis": {"go": [out, -float(spec["drop"]), gone]},
                "trunk": [float(spec["bend"]), 0.0, -swing * float(spec.get("twist", 4.0))],
                near + "hand": {"at": "hang", "to": spec["back"], "elbow": spec["elbow"]},
                far + "hand": {"at": "hang", "to": spec["front"], "elbow": spec["elbow"]},
            },
            {
                "take": 0.55 * take,
                "flow": 0.0,
                near + "foot": {"to": [0.0, float(spec["lift"]), middle], "turn": [spec["heel"], 0.0]},
            },
            {
                "take": 0.55 * take,
                "flow": 0.25,
                near + "foot": {"to": [0.0, 0.0, after], "turn": [0.0, 0.0]},
            },
        ]
    return keys
