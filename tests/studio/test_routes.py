"""What the routes make: the same as calls of the pipeline, in every format, and again from a recipe."""

import io
import json
import os
import tempfile

import numpy as np
import pytest
import simple_motions
import trimesh

from ram_sdk import Motion, formats
from ram_sdk.control import Keep, Path
from ram_sdk.control.timeline import Kept, Segment, Timeline
from ram_sdk.studio import files
from ram_sdk.studio.refusal import Refusal
from tests.studio.serving import joints_of, made

FAST = {"steps": 2}
WALK = {"prompt": "a person walks", "duration": 2, "seed": 3, **FAST}


@pytest.fixture(scope="module")
def clip() -> Motion:
    return Motion(simple_motions.walking(60).astype(np.float32), 20)


@pytest.fixture
def uploaded(client, clip, tmp_path) -> str:
    """The id of a clip that was handed in."""
    file = clip.save(tmp_path / "clip.npy").read_bytes()
    answer = client.post("/motions", files={"file": ("clip.npy", file)}, data={"fps": "20"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["frames"] == 60
    return answer.json()["id"]


def test_capabilities_name_what_can_be_asked_for(client):
    told = client.get("/capabilities").json()
    assert [one["name"] for one in told["formats"]] == [suffix[1:] for suffix in formats.WRITABLE]
    options = {one["name"]: [option["name"] for option in one["options"]] for one in told["formats"]}
    assert options["bvh"] == ["unit", "names", "order", "skeleton", "fps", "root"]
    assert "model_path" not in options["npz"]
    assert "blender" not in options["fbx"]
    assert (told["longest"], told["fps"], len(told["joint_names"])) == (9.8, 20, 22)
    assert told["limits"]["queue"] == 64
    json.dumps(told, allow_nan=False)


def test_a_job_makes_what_the_pipeline_makes_and_its_recipe_repeats_it(client, pipeline):
    job = made(client, "/generate", {**WALK, "num": 2, "reg_scale": 2, "sampler": "dpm++"})
    options = {"duration": 2, "num_inference_steps": 2, "reg_scale": 2, "sampler": "dpm++"}
    direct = pipeline("a person walks", seed=3, num_motions_per_prompt=2, **options).motions
    assert (job["state"], job["error"], job["request"]["seed"]) == ("done", None, 3)
    for told, motion in zip(job["motions"], direct, strict=True):
        np.testing.assert_array_equal(joints_of(client, told["id"]), motion.joints)
        assert told["settings"] == json.loads(json.dumps(dict(motion.settings)))
        assert told["floor"] < 10
        again = made(client, told["recipe"]["path"], told["recipe"]["body"])["motions"]
        assert len(again) == 1
        np.testing.assert_allclose(joints_of(client, again[0]["id"]), motion.joints, atol=1e-4)


def test_a_seed_is_drawn_and_told(client):
    body = {"prompt": "a person walks", "duration": 2, **FAST}
    first, second = (made(client, "/generate", body) for _ in range(2))
    assert first["request"]["seed"] != second["request"]["seed"]
    assert first["motions"][0]["settings"]["seed"] == first["request"]["seed"]


def test_files_are_what_their_types_say(client):
    """Pictures, films and what Blender writes are downloaded from the page, in its tests."""
    motion = made(client, "/generate", WALK)["motions"][0]["id"]
    kinds = {one["name"]: one for one in client.get("/capabilities").json()["formats"]}
    files = {}
    for name in ("npy", "npz", "json", "bvh", "glb", "html", "usda", "stl"):
        answer = client.get(f"/motions/{motion}.{name}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith(kinds[name]["media_type"])
        assert answer.headers["content-disposition"] == "attachment"
        files[name] = answer.content
    assert np.load(io.BytesIO(files["npy"])).shape == (40, 22, 3)
    assert len(json.loads(files["json"])["joints"]) == 40
    assert len(np.load(io.BytesIO(files["npz"]))["joints"]) == 40
    assert len(trimesh.load(io.BytesIO(files["glb"]), file_type="glb").geometry) == 1
    assert len(trimesh.load(io.BytesIO(files["stl"]), file_type="stl").vertices) > 1000
    assert files["bvh"].startswith(b"HIERARCHY")
    assert files["html"].startswith(b"<!doctype html>")
    assert files["usda"].startswith(b"#usda")


def test_options_of_formats(client):
    motion = made(client, "/generate", WALK)["motions"][0]["id"]
    bvh = client.get(f"/motions/{motion}.bvh", params={"names": "smpl", "unit": "m", "fps": "10"}).text
    assert "ROOT Pelvis" in bvh
    assert "Frames: 20" in bvh
    for query, word in (("names=x", "choose 'mixamo'"), ("size=3", "no option"), ("fps=x", "number")):
        answer = client.get(f"/motions/{motion}.bvh?{query}")
        assert answer.status_code == 422
        assert word in answer.json()["error"]
    assert client.get(f"/motions/{motion}.npz?model_path=/etc/passwd").status_code == 422
    assert "use one of" in client.get(f"/motions/{motion}.exe").json()["error"]
    assert "at most" in client.get(f"/motions/{motion}.gif?size=4096").json()["error"]


@pytest.mark.parametrize(
    "how", [{"params": {"format": "glb"}}, {"headers": {"accept": "model/gltf-binary, */*;q=0.1"}}]
)
def test_scripts_get_the_file_itself(client, pipeline, tmp_path, how):
    answer = client.post("/generate", json=WALK, **how)
    direct = pipeline("a person walks", duration=2, seed=3, num_inference_steps=2).motions[0]
    assert answer.status_code == 200
    assert answer.content == direct.save(tmp_path / "direct.glb").read_bytes()
    assert answer.headers["x-seed"] == "3"
    assert client.get(f"/motions/{answer.headers['x-motion']}").json()["frames"] == 40


def test_a_timeline_with_a_kept_motion_and_a_part(client, pipeline, clip, uploaded):
    segments = [
        {"motion": uploaded, "start": 0, "end": 2, "from": 0.5},
        {"prompt": "a person jumps", "start": 2, "end": 4},
        {"prompt": "waves", "start": 2, "end": 3.5, "part": "right arm"},
    ]
    job = made(client, "/compose", {"timeline": {"segments": segments}, "seed": 4, **FAST})
    timeline = Timeline(
        (
            Kept(clip[10:], 0, 2),
            Segment("a person jumps", 2, 4),
            Segment("waves", 2, 3.5, "right arm"),
        )
    )
    direct = pipeline.compose(timeline, seed=4, num_inference_steps=2)
    np.testing.assert_array_equal(joints_of(client, job["motions"][0]["id"]), direct.joints)
    assert job["motions"][0]["recipe"]["body"]["timeline"]["segments"][0]["from"] == 0.5


def test_edit_and_constraints_of_a_motion_by_id(client, pipeline, clip, uploaded):
    body = {"motion": uploaded, "prompt": "a person jumps", "keep": [[0, 1], [2, 3]], "seed": 5, **FAST}
    edited = made(client, "/edit", body)
    direct = pipeline.edit(clip, "a person jumps", [(0, 1), (2, 3)], seed=5, num_inference_steps=2).motions[0]
    np.testing.assert_array_equal(joints_of(client, edited["motions"][0]["id"]), direct.joints)

    path = {"kind": "Path", "points": [[0, 0], [0, 2]]}
    keep = {"kind": "Keep", "motion": uploaded, "end": 0.5}
    steered = made(client, "/generate", {**WALK, "constraints": [path, keep]})
    assert steered["error"] is None
    wanted = [Path([[0, 0], [0, 2]]), Keep(clip, end=0.5)]
    direct = pipeline("a person walks", duration=2, seed=3, num_inference_steps=2, constraints=wanted)
    np.testing.assert_array_equal(joints_of(client, steered["motions"][0]["id"]), direct.motions[0].joints)


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("/generate", {"prompt": " "}, "prompt"),
        ("/generate", {"prompt": "a person walks", "duration": 20}, "expected 0.05 to 9.8 seconds"),
        ("/generate", {"prompt": "a person walks", "num": 9, "candidates": 2}, "at most 16"),
        ("/generate", {"prompt": "a", "seed": 2**53 - 1, "num": 2}, "with num 2 at most 9007199254740990"),
        ("/generate", {"prompt": "a person walks", "steps": 51}, "expected 1 to 50"),
        ("/generate", {"prompt": "word " * 90}, "shorten it"),
        ("/generate", {"prompt": "a", "strength": 0.4}, "no exemplars to start from, use 1"),
        ("/generate", {"prompt": "a", "strength": 2}, "strength 2: expected less than or equal to 1"),
        ("/generate", {"prompt": "a person walks", "sede": 1}, "sede: there is nothing of that name"),
        ("/generate", {"duration": 2}, "prompt is missing: give it"),
        ("/generate", {"prompt": "a", "num": "many"}, 'num "many": expected integer'),
        ("/generate", {"prompt": "a", "seed": -4}, "seed -4: expected greater than or equal to 0"),
        ("/generate", {"prompt": "a", "sampler": "euler"}, "sampler \"euler\": expected 'ddpm', 'ddim' or"),
        ("/generate", {"prompt": "a", "constraints": [{"kind": "Fly"}]}, "use one of Pose"),
        ("/generate", {"prompt": "a", "constraints": [{"kind": "Keep", "motion": "x", "en": 1}]}, "en"),
        ("/compose", {"timeline": {"segments": []}}, "segments"),
        ("/compose", {"timeline": {"segments": [{"motion": "../../x.npz", "start": 0, "end": 1}]}}, "motion"),
        ("/compose", {"timeline": {"segments": [{"prompt": "a", "start": 1, "end": 2}]}}, "before"),
        ("/compose", {"timeline": {"segments": [{"prompt": "a", "start": 0, "end": 121}]}}, "120"),
        ("/edit", {"motion": "x", "prompt": "a person walks", "keep": "lower"}, "motion"),
        ("/compose", {"timeline": {"segments": []}}, "timeline.segments []: expected at least 1 item"),
        ("/generate", {**WALK, "constraints": [{"kind": "Path", "points": [[0, 0], [0, 100]]}]}, "nobody"),
        ("/generate", {**WALK, "constraints": [{"kind": "Stop", "place": [0, 1], "time": 9}]}, "outside"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_at_once_in_one_line(client, path, body, word):
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    (error,) = answer.json().values()
    assert word in error
    assert "\n" not in error


@pytest.mark.parametrize(
    "one",
    [
        {"kind": "Stop", "place": [0, 1e300], "time": 1},
        {"kind": "Stop", "place": [0, 1], "time": 1e300},
        {"kind": "Stop", "place": [0, 1], "time": 1, "facing": 1e300},
        {"kind": "Path", "points": [[0, 0], [0, 1e300]]},
        {"kind": "Joints", "times": [0.1], "positions": {"head": [[1e300, 1, 1]]}},
    ],
)
def test_constraints_beyond_any_motion_are_refused_at_once(client, one):
    answer = client.post("/generate", json={**WALK, "constraints": [one]})
    assert answer.status_code == 422
    assert "1e+300" in answer.json()["error"]


def test_an_edit_that_keeps_nothing_is_refused_at_once(client, uploaded):
    answer = client.post("/edit", json={"motion": uploaded, "prompt": "a person waves", "keep": []})
    assert answer.status_code == 422
    assert "keep []: name what stays" in answer.json()["error"]


def test_what_only_the_pipeline_finds_fails_the_job(client, clip):
    kept = {"joints": clip.joints.tolist(), "fps": 20}
    late = {"kind": "Keep", "motion": kept, "end": 1, "at": 9}
    job = made(client, "/generate", {**WALK, "constraints": [late]})
    assert job["state"] == "failed"
    assert "9" in job["error"]
    answer = client.post("/generate?format=bvh", json={**WALK, "constraints": [late]})
    assert (answer.status_code, answer.json()["error"]) == (422, job["error"])


def test_what_is_not_there(client):
    for path in (
        f"/jobs/{'A' * 16}",
        f"/jobs/{'A' * 16}/events",
        f"/motions/{'A' * 16}",
        f"/motions/{'A' * 16}.glb",
    ):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "no longer kept" in answer.json()["error"]
    for path in ("/jobs/x", "/jobs/x/events", "/motions/x", "/motions/x.glb", "/motions/a%20b"):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert "there is none, or it is no longer kept" in answer.json()["error"]
    assert client.delete("/jobs/x").status_code == 404
    assert client.get("/motions/..%2f..%2fetc%2fpasswd.npy").status_code in (404, 422)
    assert client.get("/docs").status_code != 200  # FastAPI's loads scripts from elsewhere


def test_other_methods_are_refused_with_the_right_one(client):
    for path in ("/generate", "/compose", "/edit", "/retarget", "/motions"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert answer.json() == {"error": f"GET {path}: use POST"}
    assert client.get("/generated").status_code == 404


def test_json_needs_its_header(client):
    answer = client.post("/generate", content=b'{"prompt": "a person walks"}')
    assert answer.status_code == 422
    assert answer.json() == {"error": "Content-Type null: send the header as application/json"}
    wrong = client.post("/generate", content=b"{}", headers={"Content-Type": "text/plain"})
    assert wrong.json() == {"error": 'Content-Type "text/plain": send the header as application/json'}


def test_uploads_are_converted_and_nothing_stays_on_the_disk(client, clip, tmp_path, monkeypatch):
    inside = tmp_path / "temporary"
    inside.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(inside))
    for suffix in (".bvh", ".json", ".npz"):
        file = clip.save(tmp_path / f"clip{suffix}").read_bytes()
        told = client.post("/motions", files={"file": (f"../clip{suffix}", file)}).json()
        assert (told["frames"], told["recipe"]) == (60, None)
        assert client.get(f"/motions/{told['id']}.glb").status_code == 200
    for name, content, word in (
        ("clip.bvh", b"HIERARCHY", "clip"),
        ("clip.exe", b"MZ", "use one of the suffixes"),
        ("clip.npy", b"\x93NUMPY", "npy"),
        ("", b"x", ""),
    ):
        answer = client.post("/motions", files={"file": (name, content)})
        assert answer.status_code == 422
        assert word in answer.json()["error"] or "upload" in answer.json()["error"]
        assert str(inside) not in answer.json()["error"]
    assert os.listdir(inside) == []


def test_files_of_very_many_frames_are_refused(clip, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_MOST_FRAMES", 50)
    for suffix in (".npz", ".npy", ".json", ".bvh"):
        long = clip.save(tmp_path / f"clip{suffix}").read_bytes()
        with pytest.raises(ValueError, match=r"60 frames: at most 50|more than 50 frames"):
            files.read(long, f"clip{suffix}", None, 20.0, None, 600)
    with pytest.raises(Refusal, match="60 frames"):
        files.write(clip, "bvh", {})
    monkeypatch.undo()
    for suffix in (".npz", ".npy", ".json", ".bvh"):
        long = (tmp_path / f"clip{suffix}").read_bytes()
        with pytest.raises(ValueError, match=r"lasts 3.0 s: at most 2 s"):
            files.read(long, f"clip{suffix}", None, 20.0, None, 2)
    smpl = clip.save(tmp_path / "smpl.npz", layout="smplh").read_bytes()
    with pytest.raises(ValueError, match=r"lasts 3.0 s: at most 2 s"):
        files.read(smpl, "smpl.npz", None, None, None, 2)


def test_a_motion_goes_onto_a_character(client):
    motion = made(client, "/generate", WALK)["motions"][0]["id"]
    character = client.get(f"/motions/{motion}.glb").content
    asked = {"files": {"character": ("me.glb", character)}, "data": {"motion": motion, "root": "in_place"}}
    answer = client.post("/retarget", **asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "model/gltf-binary"
    assert len(trimesh.load(io.BytesIO(answer.content), file_type="glb").geometry) == 1
    wrong = client.post("/retarget", files={"character": ("me.glb", b"glTF")}, data={"motion": motion})
    assert wrong.status_code == 422
    assert "me.glb" in wrong.json()["error"]


def test_the_player_runs_in_a_sandbox_without_the_servers_origin(client):
    motion = made(client, "/generate", WALK)["motions"][0]["id"]
    policy = client.get(f"/motions/{motion}.html").headers["content-security-policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["sandbox"] == "allow-scripts"
    assert rules["default-src"] == "'none'"
    assert rules["connect-src"] == "data: blob:"
