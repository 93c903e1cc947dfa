"""Speed and accuracy of conversion to rotations, compared with two methods from other projects.

Clips are any files that `Motion.load` reads; without one, a synthetic motion with known rotations is used.
The reference methods are reimplemented from their descriptions, on the same skeleton and the same clips:
"averaging" rotates every joint by the mean of the rotations that align its bones (as MoMask's BVH export
does, ten iterations), "optimisation" fits pose and root to the joints with L-BFGS and a pose prior (as
joints2smpl does, but on the bare skeleton instead of a mesh, which is much faster). "Best skeleton" shows how
close a skeleton of constant bone lengths can come: bones and poses are fitted to the clip together. The bone
lengths of generated motions vary, which rotations cannot reproduce.
"""

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk.geometry import (
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    quaternion_between,
    quaternion_to_matrix,
)
from ram_sdk.motion import Motion
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence, canonical_offsets, children, forward_kinematics
from training.benchmarks.synthetic_motion import angle_between, natural_poses

_FRAMES = 196
_DETERMINED = [joint for joint in range(22) if joint in HUMANML3D.parents]
_FLIP = 90.0  # degrees per frame


def compare(files: Sequence[Path], slow: bool = False) -> None:
    """Print the tables.

    Args:
        files: clips; if empty, the synthetic motion.
        slow: also run the optimisation, which takes minutes.
    """
    truth = natural_poses(_FRAMES)
    clips = [Motion.load(path) for path in files] or [Motion(truth.joints.float().numpy())]
    names = [path.stem for path in files] or ["synthetic"]

    methods: dict[str, Callable[[Tensor], PoseSequence]] = {
        "ours, canonical": inverse_kinematics,
        "ours, clip": lambda joints: inverse_kinematics(joints, "clip"),
        "ours, closed form": lambda joints: inverse_kinematics(joints, refine=False),
        "averaging": averaging_kinematics,
        "best skeleton": best_skeleton,
    }
    if slow:
        methods["optimisation"] = optimised_kinematics
    print("| clip | method | error mm, mean / max | flips | local change if rotated, deg | seconds |")
    print("|---|---|---|---|---|---|")
    for name, clip in zip(names, clips, strict=True):
        for label, method in methods.items():
            print(f"| {name} | {label} | {_row(torch.tensor(clip.joints), method)} |")
    print("\n| synthetic poses, known rotations | degrees, mean over joints with a child bone |\n|---|---|")
    for label, method in methods.items():
        error = angle_between(method(truth.joints).rotations, truth.rotations)[:, _DETERMINED].mean()
        print(f"| {label} | {error:.2f} |")
    print("\n| what | measured | limit |\n|---|---|---|")
    _files(clips[0])


def _row(joints: Tensor, method: Callable[[Tensor], PoseSequence]) -> str:
    start = time.perf_counter()
    pose = method(joints)
    seconds = time.perf_counter() - start
    error = 1000 * (pose.joints - joints).norm(dim=-1)
    turn = axis_angle_to_matrix(torch.tensor((0.0, math.radians(120), 0.0)))
    change = angle_between(method(joints @ turn.T).rotations[:, 1:], pose.rotations[:, 1:]).max()
    steps = angle_between(pose.rotations[1:], pose.rotations[:-1])
    flips = int((steps > _FLIP).sum())
    return f"{error.mean():.2f} / {error.max():.1f} | {flips} | {change:.4f} | {seconds:.2f}"


def _files(clip: Motion) -> None:
    """Times and sizes for the first clip, repeated or cut to 196 frames."""
    repeats = -(-_FRAMES // len(clip))
    joints = torch.tensor(clip.joints).repeat(repeats, 1, 1)[:_FRAMES]

    def timed(work: Callable[[Motion], object]) -> tuple[float, float]:
        motion = Motion(joints.numpy(), clip.fps, "a person moves")
        start, start_cpu = time.perf_counter(), time.process_time()
        work(motion)
        return time.perf_counter() - start, time.process_time() - start_cpu

    timed(lambda motion: motion.pose)  # first calls are slower
    timed(lambda motion: motion.to_mesh())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def save(*suffixes: str) -> Callable[[Motion], object]:
            return lambda motion: [motion.save(folder / f"a{suffix}") for suffix in suffixes]

        rows = [
            ("positions to rotations", timed(lambda motion: motion.pose), 0.3),
            (
                "closed form only",
                timed(lambda m: inverse_kinematics(torch.tensor(m.joints), refine=False)),
                0.03,
            ),
            ("npz + bvh + glb", timed(save(".npz", ".bvh", ".glb")), 1.0),
            ("mesh of 6.9 k vertices", timed(lambda motion: motion.to_mesh()), 0.5),
            ("stick figure mp4", timed(save(".mp4")), 8.0),
        ]
        for label, (seconds, cpu_seconds), limit in rows:
            print(f"| {label}, s | {seconds:.3f} ({cpu_seconds:.3f} of CPU) | {limit} |")
        timed(save(".html"))
        for suffix, limit in ((".bvh", 150), (".glb", 500), (".html", 1500)):
            print(f"| {suffix}, KB | {(folder / f'a{suffix}').stat().st_size / 1000:.0f} | {limit} |")


def best_skeleton(joints: Tensor, rounds: int = 4) -> PoseSequence:
    """Alternate between fitting poses to bones and bones to poses, both by least squares."""
    targets, parents = joints.double(), HUMANML3D.parents
    pose = inverse_kinematics(targets, "clip")
    for _ in range(rounds):
        world = forward_kinematics(pose.rotations, pose.root, pose.offsets)[1]
        carried = targets.new_zeros(len(targets), len(parents), 3, len(parents), 3)  # bones to positions
        for joint, parent in enumerate(parents[1:], start=1):
            carried[:, joint] = carried[:, parent]
            carried[:, joint, :, joint] = world[:, parent]
        wanted = (targets - pose.root[:, None]).flatten()[:, None]
        bones = torch.linalg.lstsq(carried[..., 1:, :].reshape(len(wanted), -1), wanted).solution
        pose = inverse_kinematics(targets, rest=F.pad(bones.reshape(-1, 3), (0, 0, 1, 0)))
    return pose


def averaging_kinematics(joints: Tensor, rounds: int = 10) -> PoseSequence:
    """Rotate each joint by the mean rotation vector of the smallest rotations that align its bones."""
    offsets = canonical_offsets().to(joints)
    rotations = torch.eye(3).to(joints).repeat(*joints.shape[:2], 1, 1)
    for _ in range(rounds):
        for joint, bones in enumerate(children(HUMANML3D.parents)):
            if not bones:
                continue
            positions, world = forward_kinematics(rotations, joints[:, 0], offsets)
            aligned = []
            for bone in bones:
                now, target = positions[:, bone] - positions[:, joint], joints[:, bone] - joints[:, joint]
                turned = quaternion_to_matrix(quaternion_between(now, target)) @ world[:, joint]
                aligned.append(matrix_to_axis_angle(turned))
            mean = axis_angle_to_matrix(torch.stack(aligned).mean(dim=0))
            parent = HUMANML3D.parents[joint]
            rotations[:, joint] = world[:, parent].mT @ mean if joint else mean
    return PoseSequence(rotations, joints[:, 0], offsets)


def optimised_kinematics(joints: Tensor, rounds: int = 20) -> PoseSequence:
    """L-BFGS on axis-angles and root; the weights of positions and prior are joints2smpl's."""
    targets, offsets = joints.double(), canonical_offsets()
    vectors = torch.zeros(*joints.shape, dtype=torch.float64, requires_grad=True)
    root = targets[:, 0].clone().requires_grad_()
    optimiser = torch.optim.LBFGS(
        [vectors, root], lr=1e-2, max_iter=150, line_search_fn="strong_wolfe", tolerance_change=1e-9
    )

    def loss() -> Tensor:
        optimiser.zero_grad()
        positions, _ = forward_kinematics(axis_angle_to_matrix(vectors), root, offsets)
        total = 600.0**2 * (positions - targets).square().sum() + 5.0**2 * vectors[:, 1:].square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    for _ in range(rounds):
        optimiser.step(loss)  # type: ignore[no-untyped-call]
    rotations = axis_angle_to_matrix(vectors.detach()).to(joints.dtype)
    return PoseSequence(rotations, root.detach().to(joints.dtype), offsets.to(joints.dtype))
