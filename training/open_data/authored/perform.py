"""Animating a variant: from its channels over time, with natural sway, to joints."""

from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from training.open_data.authored.motion import FPS, Array, arc, drift, minimum_jerk, spring
from training.open_data.authored.rig import ARM, LEG, OFFSETS, OUT, SIDES, Foot, Skeleton, Trunk
from training.open_data.authored.script import Move, Value, Variant, variant

_HEAD_UP = -16.0  # degrees of the head in relaxed standing, measured on captures
_FREQUENCY, _DAMPING = 4.5, 0.75  # of the arms' spring
_BREATHS = 0.27  # a second


def perform(path: Path, take: str) -> Array:
    """Joints `(frames, 22, 3)` of a take of a file of keyframes, metres at 20 fps, facing +Z.

    Raises:
        ValueError: the file has no such take.
    """
    return _Performance(variant(path, take)).joints()


class _Performance:
    """A variant sampled at the frame rate."""

    def __init__(self, sampled: Variant) -> None:
        self.moves = sorted(sampled.moves, key=lambda move: move.start)
        self.times = np.arange(int(sampled.seconds * FPS)) / FPS
        self.rng = np.random.default_rng(list(sampled.seed[::-1]))
        self.half_width = self.rng.uniform(0.085, 0.135)
        self.stagger = self.rng.normal(0.0, 0.018)
        self.toe_out = self.rng.uniform(2.0, 14.0)
        self.lean = self.rng.normal(1.5, 1.5)

    def joints(self) -> Array:
        """The joints, the lowest at height 0."""
        skeleton = Skeleton(self._trunk(), self._feet())
        for side in SIDES:
            self._arm(skeleton, side)
        joints = skeleton.joints
        joints[..., 1] -= joints[..., 1].min()
        return joints

    def _progress(self, move: Move) -> Array:
        return minimum_jerk((self.times - move.start) / max(move.end - move.start, 1e-3))

    def _angles(self, channel: str, size: int, side: int | None = None) -> Array:
        """A channel of vectors, `(frames, size)`, zero at the start; sided ones are positive to the left."""
        value = np.zeros((len(self.times), size))
        for move in self.moves:
            if move.channel == channel and side in (None, move.side):
                goal = np.zeros(size) if "rest" in move.value else move.value["is"]
                value += (self._left(channel, goal, move.side) - value) * self._progress(move)[:, None]
        return value

    def _left(self, channel: str, goal: Array, side: int) -> Array:
        """A goal relative to the acting side, converted to relative to the left."""
        mirrored = {"pelvis.go": (0,), "pelvis.turn": (1, 2), "trunk": (1, 2), "head": (1,)}
        signed = np.array(goal, dtype=np.float64)
        for axis in mirrored.get(channel, ()):
            signed[axis] *= OUT[side]
        return signed

    def _trunk(self) -> Trunk:
        frames = len(self.times)
        ankle = -OFFSETS[10, 1]
        height = ankle + LEG[0] * self.rng.uniform(0.975, 0.993) - OFFSETS[1, 1]
        place = np.array((0.0, height, OFFSETS[10, 2] * -1.0 + 0.05)) + self._angles("pelvis.go", 3)
        place += drift(self.rng, frames, 0.006, 0.9) * (1.3, 0.25, 0.8)
        breath = np.sin(2 * np.pi * (_BREATHS * self.times + self.rng.random()))
        spine = self._angles("trunk", 3) + np.array((self.lean, 0.0, 0.0))
        spine += drift(self.rng, frames, 0.8, 0.8) + self._counterbalance()
        spine[:, 0] -= 0.35 * breath
        head = self._angles("head", 2) + np.array((_HEAD_UP, 0.0))
        head += drift(self.rng, frames, 1.6, 0.7, 2)
        shoulders = []
        for side in SIDES:
            raised = self._angles("shoulder", 2, side) + drift(self.rng, frames, 0.5, 0.8, 2)
            raised[:, 0] += 0.5 * breath
            shoulders.append(raised)
        turn = self._angles("pelvis.turn", 3) + drift(self.rng, frames, 0.7, 1.0)
        return Trunk(place, turn, spine, head, (shoulders[0], shoulders[1]))

    def _counterbalance(self) -> Array:
        """Small lean and twist of the trunk that counterbalance arm movements."""
        response = np.zeros((len(self.times), 3))
        for move in self.moves:
            if move.channel != "hand" or "to" not in move.value:
                continue
            middle = (move.start + move.end) / 2 + 0.08
            width = max(move.end - move.start, 0.3)
            pulse = np.exp(-(((self.times - middle) / (0.5 * width)) ** 2))
            strength = float(np.clip(0.5 / width, 0.0, 1.0))
            away = np.array((0.6, -0.8 * OUT[move.side], 1.2 * OUT[move.side]))
            response += strength * pulse[:, None] * away
        return np.asarray(np.clip(gaussian_filter1d(response, 2.0, axis=0), -3.0, 3.0))

    def _feet(self) -> tuple[Foot, Foot]:
        return (self._foot(0), self._foot(1))

    def _foot(self, side: int) -> Foot:
        frames = len(self.times)
        start = np.array((OUT[side] * self.half_width, 0.0, OUT[side] * self.stagger))
        yaw = np.radians(self.toe_out)
        ahead = np.array((OUT[side] * np.sin(yaw), 0.0, np.cos(yaw)))
        toe = np.tile(start, (frames, 1))
        angles = np.tile((0.0, self.toe_out), (frames, 1))
        knee = np.tile(ahead, (frames, 1))
        mirrored = np.array((OUT[side], 1.0, 1.0))
        for move in self.moves:
            if move.channel != "foot" or move.side != side:
                continue
            progress = self._progress(move)[:, None]
            goal = move.value
            place = start * (1.0, 1.0, 0.0) if "even" in goal else start
            toe += (place + goal.get("to", np.zeros(3)) * mirrored - toe) * progress
            angles += (goal.get("turn", np.zeros(2)) + np.array((0.0, self.toe_out)) - angles) * progress
            knee += ((goal["knee"] * mirrored if "knee" in goal else ahead) - knee) * progress
        return Foot(toe, angles, knee)

    def _arm(self, skeleton: Skeleton, side: int) -> None:
        """Place an arm: its wrist moves on arcs about the shoulder between goals, smoothed by a spring."""
        frames = len(self.times)
        mirrored = np.array((OUT[side], 1.0, 1.0))
        rest: Value = {
            "at": "hang",
            "to": np.array((0.075, -0.49, 0.05)) + self.rng.normal(0.0, (0.015, 0.005, 0.02)),
            "elbow": np.array((0.45, -0.3, -0.85)),
        }
        wrist = self._goal(skeleton, side, rest)
        elbow = np.tile(rest["elbow"], (frames, 1))
        held = np.zeros(frames)
        aside = skeleton.frames["chest"] @ np.array((0.75 * OUT[side], 0.0, 0.75))
        for move in self.moves:
            if move.channel != "hand" or move.side != side:
                continue
            progress = self._progress(move)
            goal = rest if "rest" in move.value else move.value
            wrist = arc(wrist, self._goal(skeleton, side, goal), progress, aside)
            pole = goal.get("elbow", rest["elbow"])
            elbow += (pole - elbow) * progress[:, None]
            held += ((1.0 if goal["at"] == "floor" else 0.0) - held) * progress
        free = _smooth_about_shoulder(wrist)
        free += drift(self.rng, frames, 0.004, 0.5)
        wrist = free + (wrist - free) * held[:, None]
        elbow = gaussian_filter1d(elbow + drift(self.rng, frames, 0.05, 0.7), 1.5, axis=0, mode="nearest")
        pole_world = np.einsum("fij,fj->fi", skeleton.frames["chest"], elbow * mirrored)
        skeleton.place_arm(side, skeleton.shoulder(side) + wrist * (ARM[side] / ARM[0]), pole_world)

    def _goal(self, skeleton: Skeleton, side: int, goal: Value) -> Array:
        """A goal of the wrist relative to the shoulder, `(frames, 3)`, in world axes."""
        shoulder, frames = skeleton.shoulder(side), skeleton.frames
        away = goal["to"] * np.array((OUT[side], 1.0, 1.0))
        joints = skeleton.joints
        identity = np.tile(np.eye(3), (len(shoulder), 1, 1))
        origin, turn = {
            "hang": (shoulder, frames["yaw"]),
            "shoulder": (shoulder, frames["chest"]),
            "chest": (joints[:, 9], frames["chest"]),
            "head": (joints[:, 15], frames["head"]),
            "hips": (joints[:, 0], frames["pelvis"]),
            "knee": (joints[:, 4 + side], frames["yaw"]),
            "floor": (np.zeros_like(shoulder), identity),
        }[goal["at"]]
        return np.asarray(origin + turn @ away - shoulder)


def _smooth_about_shoulder(wrist: Array) -> Array:
    """Spring-smooth direction and length separately, so that a straight arm stays straight as it swings."""
    length = np.linalg.norm(wrist, axis=-1, keepdims=True)
    direction = spring(wrist / length, _FREQUENCY, _DAMPING)
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    return direction * spring(length, _FREQUENCY, _DAMPING)
