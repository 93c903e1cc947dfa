"""Clips of a stick figure whose movement is known exactly, for the tests of attributes and captions."""

import itertools

import numpy as np

from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS

FPS = 20
_MIRRORED = [0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20]


def standing(seconds: float) -> np.ndarray:
    """The uniform skeleton at attention, arms hanging, facing +Z."""
    directions = np.array(HUMANML3D.rest_directions, dtype=float)
    directions[[13, 14]] = [[1, 0.3, 0], [-1, 0.3, 0]]
    directions[[16, 17]] = [[1, 0, 0], [-1, 0, 0]]
    directions[[10, 11]] = [0, -0.4, 0.9]
    directions[15] = [0, 1, 0.1]
    pose = np.zeros((22, 3))
    for joint in range(1, 22):
        direction = directions[joint] / np.linalg.norm(directions[joint])
        pose[joint] = pose[HUMANML3D.parents[joint]] + UNIFORM_BONE_LENGTHS[joint - 1] * direction
    pose[:, 1] -= pose[:, 1].min()
    return np.repeat(pose[None], round(seconds * FPS), axis=0)


def travel(seconds: float, forward: float = 0.0, left: float = 0.0, turn: float = 0.0) -> np.ndarray:
    """Glide at `forward` and `left` metres a second and turn evenly by `turn` degrees, left positive."""
    joints = standing(seconds)
    time = np.arange(len(joints)) / FPS
    yaw = np.radians(turn) * time / seconds
    step = np.stack(
        [forward * np.sin(yaw) + left * np.cos(yaw), forward * np.cos(yaw) - left * np.sin(yaw)], -1
    )
    ground = np.cumsum(step / FPS, axis=0) - step[0] / FPS
    x, z = joints[..., 0].copy(), joints[..., 2].copy()
    joints[..., 0] = x * np.cos(yaw)[:, None] + z * np.sin(yaw)[:, None] + ground[:, :1]
    joints[..., 2] = z * np.cos(yaw)[:, None] - x * np.sin(yaw)[:, None] + ground[:, 1:]
    return joints


def step_feet(joints: np.ndarray, steps: int) -> np.ndarray:
    """Let the feet of a forward glide stand and swing in turn, `steps` times in all."""
    joints = joints.copy()
    moments = np.linspace(0, len(joints), steps + 1).round().astype(int)
    path = joints[:, 0, [0, 2]].copy()
    places = {side: path[0] for side in (0, 1)}
    for number, (start, stop) in enumerate(itertools.pairwise(moments)):
        side, target = number % 2, path[min(stop, len(path) - 1)]
        for frame in range(start, stop):
            part = (frame - start + 1) / (stop - start)
            part = float(np.clip((part - 0.2) / 0.6, 0, 1))
            for foot in (0, 1):
                at = places[foot] + (target - places[foot]) * part if foot == side else places[foot]
                for joint in (7 + foot, 10 + foot):
                    offset = joints[frame, joint, [0, 2]] - joints[frame, 0, [0, 2]]
                    joints[frame, joint, [0, 2]] = at + offset
                    joints[frame, joint, 1] += 0.12 * np.sin(np.pi * part) if foot == side else 0.0
        places[side] = target
    return joints


def raise_hand(joints: np.ndarray, side: int, waves: int = 0) -> np.ndarray:
    """Lift the left (0) or right (1) hand above the head in the first third and swing it `waves` times."""
    joints = joints.copy()
    frames = len(joints)
    up = np.clip(np.arange(frames) / (frames / 3), 0, 1)
    swing = 0.15 * np.sin(2 * np.pi * waves * np.clip(np.arange(frames) / frames * 1.5 - 0.5, 0, 1))
    shoulder, elbow, wrist = 16 + side, 18 + side, 20 + side
    outward = 1 - 2 * side
    for frame in range(frames):
        angle = np.pi * up[frame]
        arm = np.array([outward * np.sin(angle) * 0.9, -np.cos(angle), 0.0])
        joints[frame, elbow] = joints[frame, shoulder] + 0.26 * arm
        joints[frame, wrist] = joints[frame, elbow] + 0.27 * arm + [swing[frame], 0, 0]
    return joints


def jump(joints: np.ndarray, times: int, height: float = 0.3) -> np.ndarray:
    """Jump straight up `times` times, half a second in the air and half on the floor each."""
    joints = joints.copy()
    for number in range(times):
        start = 5 + number * FPS
        flight = np.arange(10) / 10
        joints[start : start + 10, :, 1] += (4 * height * flight * (1 - flight))[:, None]
    return joints


def kick(joints: np.ndarray, side: int) -> np.ndarray:
    """Swing the straight left (0) or right (1) leg up to the front once, in the middle of the clip."""
    joints = joints.copy()
    hip = 1 + side
    middle = len(joints) // 2
    for frame in range(middle - 6, middle + 7):
        angle = np.radians(95) * np.cos((frame - middle) / 6 * np.pi / 2)
        for joint in (4 + side, 7 + side, 10 + side):
            arm = joints[frame, joint] - joints[frame, hip]
            up, ahead = arm[1], arm[2]
            joints[frame, joint, 1] = joints[frame, hip, 1] + up * np.cos(angle) + ahead * np.sin(angle)
            joints[frame, joint, 2] = joints[frame, hip, 2] - up * np.sin(angle) + ahead * np.cos(angle)
    return joints


def squat(joints: np.ndarray, depth: float) -> np.ndarray:
    """Lower everything above the ankles by up to `depth` metres, deepest in the middle."""
    joints = joints.copy()
    above = [joint for joint in range(22) if joint not in (7, 8, 10, 11)]
    joints[:, above, 1] -= depth * np.sin(np.pi * np.arange(len(joints)) / len(joints))[:, None]
    return joints


def mirror(joints: np.ndarray) -> np.ndarray:
    """The clip seen in a mirror: left and right swapped."""
    return joints[:, _MIRRORED] * np.array([-1.0, 1.0, 1.0])
