"""A motion on characters of many kinds: what their files show, worked out by other code than ours."""

import hashlib
import json
import subprocess
import sys
import tracemalloc
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ram_sdk.characters.hands import find_fingers
from ram_sdk.characters.planting import Leg, ankle_goals
from ram_sdk.formats.bvh_parser import read_bvh
from ram_sdk.motion import Motion
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import canonical_offsets
from tests.javascript import run_node
from training.benchmarks.retargeting.glb_reader import GlbReader, parse
from training.benchmarks.retargeting.rigs import STYLES, make_rig
from training.benchmarks.retargeting.study import angle, markdown, measure


@pytest.fixture(scope="module")
def walk() -> Motion:
    """Three steps on the skeleton that all motions share."""
    offsets = canonical_offsets().numpy()
    rest = offsets.copy()
    for joint, parent in enumerate(HUMANML3D.parents[1:], start=1):
        rest[joint] += rest[parent]
    rest[:, 1] -= rest[:, 1].min()
    return Motion(_step(rest).astype(np.float32), prompt="a person steps forward")


def _step(rest: np.ndarray) -> np.ndarray:
    """Steps: one foot stands while the other is carried forward; the pelvis follows between them."""
    frames, stride = 60, 0.5
    joints = np.repeat(rest[None], frames, axis=0)
    for arm, swing in ((16, 1.0), (17, -1.0)):
        for joint in {16: (18, 20), 17: (19, 21)}[arm]:
            reach = np.linalg.norm(rest[joint] - rest[arm])
            angle = 0.3 * swing * np.sin(np.arange(frames) / 6)
            way = np.stack((np.full(frames, 0.2 * swing), -np.cos(angle), np.sin(angle)), axis=-1)
            joints[:, joint] = rest[arm] + reach * way / np.linalg.norm(way, axis=-1, keepdims=True)
    pelvis = np.zeros(frames)
    places = {1: np.zeros(frames), 2: np.zeros(frames)}
    lifts = {1: np.zeros(frames), 2: np.zeros(frames)}
    for start, leg in ((5, 1), (20, 2), (35, 1)):
        phase = np.clip((np.arange(frames) - start) / 13, 0, 1)
        length = stride if leg == 2 or start > 5 else stride / 2
        places[leg] += length * (phase - np.sin(2 * np.pi * phase) / (2 * np.pi))
        lifts[leg] += 0.09 * np.sin(np.pi * phase) ** 2
    pelvis = (places[1] + places[2]) / 2
    joints[:, :, 2] += pelvis[:, None]
    joints[:, :, 1] -= 0.03
    for hip, knee, ankle, toe in ((1, 4, 7, 10), (2, 5, 8, 11)):
        goal = rest[[ankle, toe]][None] + np.stack((0 * pelvis, lifts[hip], places[hip]), -1)[:, None]
        joints[:, [ankle, toe]] = goal
        lengths = np.linalg.norm(rest[hip] - rest[knee]), np.linalg.norm(rest[knee] - rest[ankle])
        joints[:, knee] = _knee(joints[:, hip], goal[:, 0], lengths)
    return joints


def _knee(hip: np.ndarray, ankle: np.ndarray, lengths: tuple[float, float]) -> np.ndarray:
    line = ankle - hip
    distance = np.minimum(np.linalg.norm(line, axis=-1), 0.999 * sum(lengths))
    line /= np.linalg.norm(line, axis=-1, keepdims=True)
    ahead = np.array((0.0, 0.0, 1.0)) - line * line[:, 2:]
    ahead /= np.linalg.norm(ahead, axis=-1, keepdims=True)
    along = (distance**2 + lengths[0] ** 2 - lengths[1] ** 2) / (2 * distance)
    aside = np.sqrt(np.maximum(lengths[0] ** 2 - along**2, 0))
    return hip + along[:, None] * line + aside[:, None] * ahead


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("rigs")
    for name, style in STYLES.items():
        suffix = ".vrm" if name.startswith("vrm") else ".glb"
        (place / f"{name}{suffix}").write_bytes(make_rig(style).to_bytes())
    return place


def rig_of(folder: Path, style: str) -> Path:
    return next(folder.glob(f"{style}.*"))


@pytest.mark.parametrize("style", STYLES)
def test_limbs_point_as_the_motions_and_feet_stand(
    walk: Motion, folder: Path, tmp_path: Path, style: str
) -> None:
    source = rig_of(folder, style)
    on_it = walk.retarget(source)
    written = on_it.save(tmp_path / f"a{source.suffix}")
    fit = measure(walk, on_it, written, STYLES[style], validate=False)
    assert (np.percentile(fit.directions, 95, axis=0) < 5).all()
    assert len(fit.soles) > 60
    assert np.abs(fit.soles).max() < 0.015
    assert fit.depth < 0.015
    assert fit.slip.max() < 0.015
    seen = GlbReader(written)
    turned = np.diag((-1.0, 1.0, -1.0)) if STYLES[style].facing else np.eye(3)
    travelled = (seen.places([on_it.joints["pelvis"]]) @ turned)[:, 0, 2]
    assert travelled[-1] - travelled[0] > 0.3 * STYLES[style].legs


def test_the_table_tells_what_is_wrong(walk: Motion, folder: Path, tmp_path: Path) -> None:
    on_it = walk.retarget(rig_of(folder, "unity"))
    written = on_it.save(tmp_path / "a.glb")
    joints = walk.joints.copy()
    joints[:, (18, 20)] = walk.joints[:, 16, None] + np.float32([[0.3, 0, 0], [0.5, 0, 0]])
    bowed = Motion(joints)
    fits = [measure(one, on_it, written, STYLES["unity"], validate=False) for one in (walk, bowed)]
    assert fits[1].directions.max() > 30 > fits[0].directions.max()
    assert fits[0].own_slip.max() < 0.01
    table = markdown({"unity": {"step": fits[0]}}, "a test")
    assert "| unity |" in table
    assert "| not run |" in table


@pytest.mark.parametrize("style", STYLES)
def test_the_rest_of_the_file_stays(walk: Motion, folder: Path, tmp_path: Path, style: str) -> None:
    source = rig_of(folder, style)
    before, binary = parse(source.read_bytes())
    after, longer = parse(walk.retarget(source).save(tmp_path / "a.glb").read_bytes())
    assert longer[: len(binary)] == binary
    for part in ("nodes", "skins", "meshes", "materials", "scenes", "asset"):
        assert after[part] == before[part]
    assert after.get("extensions") == before.get("extensions")
    assert after["accessors"][: len(before["accessors"])] == before["accessors"]
    assert after["animations"][0]["name"] == "a person steps forward"


@pytest.mark.slow
@pytest.mark.parametrize("root", ["hips", "ground"])
def test_khronos_validator_finds_nothing(walk: Motion, folder: Path, tmp_path: Path, root: str) -> None:
    for style in STYLES if root == "hips" else ("unity", "rigify"):
        path = walk.retarget(rig_of(folder, style), root=root).save(tmp_path / f"{style}.glb")
        report = run_node("validate_gltf.mjs", path, needs="gltf-validator")
        codes = {message["code"] for message in report["messages"]}
        assert report["numErrors"] == 0, (style, report["messages"])
        of_vrm = {"UNSUPPORTED_EXTENSION", "INVALID_EXTENSION_NAME_FORMAT"}
        kept = {"UNUSED_OBJECT"} if root == "ground" else set()  # the bind matrices without the new bone
        assert codes <= of_vrm | kept, style


@pytest.mark.slow
@pytest.mark.parametrize("style", ["mixamo", "unreal"])
def test_three_shows_the_same_vertices(walk: Motion, folder: Path, tmp_path: Path, style: str) -> None:
    path = walk.retarget(rig_of(folder, style)).save(tmp_path / "a.glb")
    shown = run_node("read_glb.mjs", path, needs="three")
    vertices, _ = GlbReader(path).vertices()
    for frame, points in shown["frames"].items():
        np.testing.assert_allclose(points, vertices[int(frame), :: shown["step"]], atol=2e-5)


_BLENDER = """
import sys, bpy, numpy as np
source, target = sys.argv[-2:]
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.context.scene.render.fps = 20
bpy.ops.import_scene.gltf(filepath=source)
(rig,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
mesh = next(thing for thing in bpy.data.objects if thing.type == "MESH" and thing.vertex_groups)
frames = []
for frame in (0, 30, 59):
    bpy.context.scene.frame_set(frame)
    shown = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    points = np.array([mesh.matrix_world @ vertex.co for vertex in shown.vertices])
    frames.append(np.stack((points[:, 0], points[:, 2], -points[:, 1]), axis=-1))
np.save(target, np.array(frames))
"""


@pytest.mark.slow
@pytest.mark.skipif(find_spec("bpy") is None, reason="needs Blender: pip install bpy")
def test_blender_shows_the_same_vertices(walk: Motion, folder: Path, tmp_path: Path) -> None:
    path = walk.retarget(rig_of(folder, "unreal"), root="ground").save(tmp_path / "a.glb")
    command = [sys.executable, "-c", _BLENDER, "--", str(path), str(tmp_path / "seen.npy")]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    vertices, _ = GlbReader(path).vertices()
    np.testing.assert_allclose(np.load(tmp_path / "seen.npy"), vertices[[0, 30, 59]], atol=1e-3)


@pytest.mark.parametrize("style", ["mixamo", "unreal", "vrm0", "rigify"])
def test_travel_on_a_ground_bone_shows_the_same(
    walk: Motion, folder: Path, tmp_path: Path, style: str
) -> None:
    hips = GlbReader(walk.retarget(rig_of(folder, style)).save(tmp_path / "hips.glb"))
    ground = GlbReader(walk.retarget(rig_of(folder, style), root="ground").save(tmp_path / "ground.glb"))
    np.testing.assert_allclose(ground.vertices()[0], hips.vertices()[0], atol=1e-4)
    np.testing.assert_allclose(ground.vertices(False)[0], hips.vertices(False)[0], atol=1e-4)
    root = ground.places(["root"])[:, 0]
    np.testing.assert_allclose(root[:, 1], root[0, 1], atol=1e-5)
    assert np.linalg.norm(root[-1] - root[0]) > 0.3
    still = GlbReader(walk.retarget(rig_of(folder, style), root="in_place").save(tmp_path / "still.glb"))
    body = still.vertices()[0].mean(axis=1)
    assert np.linalg.norm(body - body[0], axis=-1).max() < 0.15


def test_a_file_saved_in_another_pose_is_read_in_the_one_it_was_bound_in(
    walk: Motion, folder: Path, tmp_path: Path
) -> None:
    glb = make_rig(STYLES["unity"])
    for node in glb.document["nodes"]:
        if node["name"] in ("LeftUpperLeg", "RightUpperLeg", "LeftUpperArm"):
            node["rotation"] = [-0.7, 0.1, 0.0, 0.7]
    (tmp_path / "sits.glb").write_bytes(glb.to_bytes())
    sitting, standing = (
        GlbReader(walk.retarget(path).save(tmp_path / f"{name}.glb"))
        for name, path in (("a", tmp_path / "sits.glb"), ("b", rig_of(folder, "unity")))
    )
    np.testing.assert_allclose(sitting.vertices()[0], standing.vertices()[0], atol=1e-3)


def _curl(seen: GlbReader, names: list[str]) -> float:
    """Degrees between the first and the last bone of a finger."""
    places = seen.places(names)[0]
    return float(angle(places[1] - places[0], places[-1] - places[-2]))


def test_hands(walk: Motion, folder: Path, tmp_path: Path) -> None:
    finger = [f"mixamorig:LeftHandMiddle{number}" for number in (1, 2, 3)]
    curls = {}
    for hands in ("flat", "relaxed", "fist"):
        seen = GlbReader(walk.retarget(rig_of(folder, "mixamo"), hands=hands).save(tmp_path / f"{hands}.glb"))
        hand, tip = seen.places(["mixamorig:LeftHand", finger[-1]])[0]
        curls[hands] = _curl(seen, finger), np.linalg.norm(tip - hand)
    assert curls["flat"][0] < 1
    assert 15 < curls["relaxed"][0] < 35
    assert 80 < curls["fist"][0] < 110
    assert curls["fist"][1] < curls["relaxed"][1] < curls["flat"][1]


def test_bvh_characters(walk: Motion, tmp_path: Path) -> None:
    character = walk.save(tmp_path / "character.bvh", names="unreal", order="ZXY")
    for root in ("hips", "ground"):
        on_it = walk.retarget(character, root=root)
        again = Motion.load(on_it.save(tmp_path / f"{root}.bvh"))
        assert np.linalg.norm(again.joints - walk.pose.joints, axis=-1).mean() < 0.03
        assert np.linalg.norm(again.joints - walk.pose.joints, axis=-1)[:, 0].max() < 0.06
    text = character.read_text()
    head = text[: text.index("MOTION")]
    assert (tmp_path / "hips.bvh").read_text().startswith(head)
    assert read_bvh(tmp_path / "ground.bvh").names[0] == "root"


def _broken(folder: Path, what: str) -> bytes:
    glb = make_rig(STYLES["mixamo"])
    nodes = glb.document["nodes"]
    match what:
        case "no legs":
            for node in nodes:
                if "Leg" in node["name"]:
                    node["name"] = "Tail"
                    node["translation"] = [0.0, 0.0, 0.0]
        case "no skin":
            del glb.document["skins"]
            nodes[-2].pop("skin")
        case "sheared":
            nodes[0]["scale"] = [1.0, 2.0, 1.0]
        case "circle":
            nodes[3].setdefault("children", []).append(len(nodes) - 1)
        case "not finite":
            nodes[0]["translation"] = [0.0, 1e999, 0.0]
        case "bones that are not there":
            glb.document["skins"][0]["joints"][0] = 999
        case "meshes without end":
            (primitive,) = glb.document["meshes"][0]["primitives"]
            glb.document["accessors"][primitive["attributes"]["POSITION"]]["count"] = 10**8
        case "joints without end":
            glb.document["skins"][0]["joints"] *= 10_000
        case "cut off":
            return glb.to_bytes()[:-50]
        case "no glb":
            return b"hello"
    return glb.to_bytes()


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("no legs", "no body stands.*skeleton="),
        ("no skin", "has no skin: bind the mesh"),
        ("sheared", "scaled by 1, 2, 1: apply the scale"),
        ("circle", "form a circle|child of two nodes"),
        ("not finite", "no number|not finite"),
        ("bones that are not there", "nodes or skins are damaged"),
        ("meshes without end", "more than 5000000 vertices"),
        ("joints without end", "at most 100000 are read"),
        ("cut off", "cut off"),
        ("no glb", "not a GLB file: export"),
    ],
)
def test_bad_characters_are_named_and_nothing_is_written(
    walk: Motion, folder: Path, tmp_path: Path, what: str, message: str
) -> None:
    path = tmp_path / "bad.glb"
    path.write_bytes(_broken(folder, what))
    with pytest.raises(ValueError, match=f"'bad.glb'.*({message})") as error:
        walk.retarget(path)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == [path]


def test_wrong_suffixes(walk: Motion, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"hero.fbx.*\.glb, \.vrm, \.bvh; open it in Blender"):
        walk.retarget("hero.fbx")
    with pytest.raises(ValueError, match=r"goes into \.glb or \.vrm"):
        walk.retarget(rig_of(folder, "unity")).save(tmp_path / "a.bvh")
    with pytest.raises(FileNotFoundError, match="no such file"):
        walk.retarget("nobody.glb")


@pytest.mark.parametrize("style", ["mixamo", "unity"])  # with fingers, and without
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"root": "pelvis"}, "root 'pelvis': choose 'hips', 'ground' or 'in_place'"),
        ({"root": "Ground"}, "root 'Ground': choose"),
        ({"hands": "claw"}, "hands 'claw': choose 'relaxed', 'flat' or 'fist'"),
        ({"hands": None}, "hands None: choose"),
    ],
)
def test_other_roots_and_hands_are_refused(
    walk: Motion, folder: Path, style: str, options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}") as error:
        walk.retarget(rig_of(folder, style), **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("standing", ["10000", "01100011000000000011", "00000000000000000001"])
def test_feet_are_corrected_near_to_a_contact(standing: str) -> None:
    flags = np.array([flag == "1" for flag in standing])
    frames, fps = np.arange(len(flags)), 20.0
    rise, place = 0.5 + 0.1 * np.sin(frames), np.zeros((len(flags), 3))
    sole = np.stack((place[:, 0], rise, place[:, 2]), axis=-1)[:, None]
    leg = Leg(place, place, place, place, sole, np.stack((flags, flags), axis=-1))
    gap = np.array([min(abs(frame - at) for at in np.flatnonzero(flags)) for frame in frames]) / fps
    wanted = np.interp(frames, np.flatnonzero(flags), -rise[flags]) * np.maximum(1 - gap / 0.2, 0)
    np.testing.assert_allclose(ankle_goals(leg, fps)[:, 1], np.maximum(wanted, -rise))


def test_long_motions_that_stand_need_no_memory_for_all_pairs_of_frames() -> None:
    place = np.zeros((3000, 3))
    leg = Leg(place, place, place, place, place[:, None], np.ones((len(place), 2), dtype=bool))
    tracemalloc.start()
    ankle_goals(leg, 20.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1000 * len(place)  # bytes; one number for every pair takes 24 times as much


def test_the_first_of_two_bodies_is_taken_with_a_word(walk: Motion, tmp_path: Path) -> None:
    path = tmp_path / "two.glb"
    path.write_bytes(_two_bodies())
    with pytest.warns(UserWarning, match="2 bodies, the first is taken; choose with person="):
        first = walk.retarget(path)
    second = walk.retarget(path, person=2)
    assert first.joints["left_hip"] != second.joints["left_hip"]
    with pytest.raises(ValueError, match="person 3: choose from 1"):
        walk.retarget(path, person=3)


def _two_bodies() -> bytes:
    glb = make_rig(STYLES["unity"])
    document = glb.document
    count = len(document["nodes"])
    for node in json.loads(json.dumps(document["nodes"])):
        node["children"] = [child + count for child in node.get("children", [])]
        if not node["children"]:
            del node["children"]
        if "skin" in node:
            node["skin"] = 1
        document["nodes"].append(node)
    skin = json.loads(json.dumps(document["skins"][0]))
    document["skins"].append({**skin, "joints": [joint + count for joint in skin["joints"]]})
    document["scenes"][0]["nodes"] += [node + count for node in document["scenes"][0]["nodes"]]
    return glb.to_bytes()


def test_the_users_names_win(walk: Motion, folder: Path) -> None:
    given = {"left_wrist": "LeftForeArm_twist"}
    with pytest.raises(ValueError, match="there is no such joint"):
        walk.retarget(rig_of(folder, "cm_twisted"), skeleton=given)
    named = walk.retarget(rig_of(folder, "cm_twisted"), skeleton={"head": "Neck"})
    assert named.joints["head"] == "Neck"


def test_the_character_file_is_not_touched(walk: Motion, folder: Path, tmp_path: Path) -> None:
    source = rig_of(folder, "unreal")
    before = hashlib.sha256(source.read_bytes()).hexdigest()
    walk.retarget(source, root="ground").save(tmp_path / "a.glb")
    assert hashlib.sha256(source.read_bytes()).hexdigest() == before


def test_springs_are_no_ring_fingers():
    names = ("hand_l", "ring_01_l", "ring_02_l", "spring_01_l", "hairstring_l", "LeftHandRing1")
    parents = (-1, 0, 1, 0, 0, 2)
    assert find_fingers(names, parents, {"left": 0}) == {("left", "ring"): (1, 2, 5)}


def test_the_body_travels_as_far_as_its_legs_carry_it(walk: Motion, folder: Path) -> None:
    """A motion whose body goes a tenth too short a way, so that its standing feet slide."""
    joints = walk.joints.copy()
    joints[..., 2] -= 0.1 * (walk.joints[:, :1, 2] - walk.joints[0, 0, 2])
    ways = []
    for motion in (walk, Motion(joints)):
        on_it = motion.retarget(rig_of(folder, "mixamo"))
        hips = on_it.places[:, on_it.character.rig.roles.joints["pelvis"]]
        ways.append(hips[-1, 2] - hips[0, 2])
    assert ways[1] == pytest.approx(ways[0], rel=0.03)
