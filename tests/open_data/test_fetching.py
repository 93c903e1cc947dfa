"""Fetching captures from a server on the loopback interface: what comes is verified before it is kept."""

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from training.commands.runner import main
from training.open_data import fetching, label_tables, origins
from training.open_data.fetching import fetch
from training.open_data.label_tables import words_of, write_label_tables
from training.open_data.origins import Origin, Part, digest_of
from training.open_data.rewriting import every_second_frame, plain_lines
from training.open_data.sources import MIXES, SOURCES

WALK, RUN = b"HIERARCHY walk\n", b"HIERARCHY run\n"


class Server:
    """Answers with what a test puts into `pages`, by path; a path in `stalled` never gets its body."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.cut_off: set[str] = set()
        self.stalled: set[str] = set()
        self.requests: list[str] = []
        self.ended = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                outer.requests.append(self.path)
                content = outer.pages.get(self.path)
                if content is None:
                    return self.send_error(404)
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.path in outer.stalled:
                    outer.ended.wait(5)
                elif self.path in outer.cut_off:
                    self.wfile.write(content[: len(content) // 2])
                else:
                    self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def tar_of(members: dict[str, bytes | None]) -> bytes:
    """A tar.gz; members without content are links to /etc/passwd."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            if content is None:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            member.size = len(content or b"")
            tar.addfile(member, io.BytesIO(content or b""))
    return packed.getvalue()


def archived(server: Server, members: dict[str, bytes | None]) -> Origin:
    """An origin whose archive holds the members, of which walk and run are wanted."""
    server.pages["/pack"] = tar_of(members)
    part = Part(
        address=f"{server.address}/pack",
        inside="**/data/{}.bvh",
        to="made-up/{}.bvh",
        names={},
        without=("kept_out",),
        rewrite="",
        digest=digest_of([("made-up/walk.bvh", WALK), ("made-up/run.bvh", RUN)]),
    )
    return Origin("https://example.org", "", (part,))


GOOD = {
    "top-1a2b/data/walk.bvh": WALK,
    "top-1a2b/data/run.bvh": RUN,
    "top-1a2b/data/kept_out.bvh": b"for a later test",
    "top-1a2b/README.md": b"of the repository",
}


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_digest_by_its_value() -> None:
    walk, run = hashlib.sha256(WALK).hexdigest(), hashlib.sha256(RUN).hexdigest()
    lines = sorted((f"{walk}  a/walk.bvh\n", f"{run}  a/run.bvh\n"))
    expected = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert digest_of([("a/run.bvh", RUN), ("a/walk.bvh", WALK)]) == expected
    assert digest_of([("a", b"")]) == "fba1930570cf2d33a2a05ff43a4fea532382611f43876988fc9c31fd9ce102d1"


def test_an_archive_gives_its_wanted_files_once(server: Server, tmp_path: Path) -> None:
    origin = archived(server, GOOD)
    assert fetch(origin, tmp_path, "made-up") == 2
    assert files_in(tmp_path) == {"made-up/run.bvh": RUN, "made-up/walk.bvh": WALK}
    assert fetch(origin, tmp_path, "made-up") == 0
    assert server.requests == ["/pack"]
    (tmp_path / "made-up" / "run.bvh").unlink()
    assert fetch(origin, tmp_path, "made-up") == 2  # a part is fetched as a whole


def test_a_zip_and_single_files(server: Server, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as pack:
        pack.writestr("walk.bvh", WALK.replace(b"\n", b"  \r\n"))
        pack.writestr("deep/er/run.bvh", RUN)
    server.pages |= {"/a/pack.zip": packed.getvalue(), "/one/x.bvh": RUN}
    zipped = Part(
        f"{server.address}/a/pack.zip",
        "**/{}.bvh",
        "z/{}.bvh",
        {"walk": "walk", "run": "jog"},
        (),
        "plain lines",
        digest_of([("z/walk.bvh", WALK), ("z/jog.bvh", RUN)]),
    )
    single = Part(
        f"{server.address}/one/{{}}.bvh", "", "s/{}.bvh", {"x": "y"}, (), "", digest_of([("s/y.bvh", RUN)])
    )
    assert fetch(Origin("", "", (zipped, single)), tmp_path, "") == 3
    assert files_in(tmp_path) == {"s/y.bvh": RUN, "z/jog.bvh": RUN, "z/walk.bvh": WALK}


@pytest.mark.parametrize(
    "members",
    [
        {**GOOD, "top-1a2b/data/run.bvh": b"HIERARCHY other\n"},
        {**GOOD, "top-1a2b/data/hop.bvh": b"one more"},
        {name: content for name, content in GOOD.items() if "run" not in name},
        {**GOOD, "top-1a2b/data/run.bvh": None},
    ],
    ids=["changed", "added", "gone", "a link"],
)
def test_other_files_are_not_kept(members: dict[str, bytes | None], server: Server, tmp_path: Path) -> None:
    origin = archived(server, members)
    with pytest.raises(
        ValueError, match=rf"have the digest [0-9a-f]{{64}}, not {origin.parts[0].digest} as those"
    ):
        fetch(origin, tmp_path / "captures", "made-up")
    assert files_in(tmp_path) == {}


def test_no_member_gets_out_of_the_folder(server: Server, tmp_path: Path) -> None:
    evil = {"../data/walk.bvh": b"evil", "/data/run.bvh": b"evil", "x/../data/a.bvh": b"evil"}
    origin = archived(server, {**evil, **GOOD, **{f"top/{name}": b"evil" for name in evil}})
    assert fetch(origin, tmp_path / "captures", "made-up") == 2
    assert files_in(tmp_path) == {"captures/made-up/run.bvh": RUN, "captures/made-up/walk.bvh": WALK}


def test_what_goes_wrong_on_the_way_is_said(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = archived(server, GOOD)
    whole = server.pages.pop("/pack")
    with pytest.raises(OSError, match=r"/pack: the server says 404 Not Found; try again later"):
        fetch(origin, tmp_path, "")
    server.pages["/pack"] = whole[:100]
    with pytest.raises(ValueError, match=r"/pack: damaged or no archive .*; run the command again"):
        fetch(origin, tmp_path, "")
    server.pages["/pack"] = b"<html>"
    with pytest.raises(ValueError, match="damaged or no archive"):
        fetch(origin, tmp_path, "")
    server.pages["/pack"] = whole
    server.cut_off.add("/pack")
    with pytest.raises(OSError, match=rf"broke off after {len(whole) // 2} of {len(whole)} bytes"):
        fetch(origin, tmp_path, "")
    server.cut_off.clear()
    monkeypatch.setattr(fetching, "_MOST_ARCHIVE", 1)
    with pytest.raises(ValueError, match="more than 0 MB"):
        fetch(origin, tmp_path, "")
    monkeypatch.undo()
    monkeypatch.setattr(fetching, "_MOST_FILE", 1)
    with pytest.raises(ValueError, match="too many for a capture"):
        fetch(origin, tmp_path, "")
    monkeypatch.undo()
    server.stalled.add("/pack")
    monkeypatch.setattr(fetching, "_SECONDS", 0.2)
    with pytest.raises(OSError, match=r"no answer for 0\.2 seconds"):
        fetch(origin, tmp_path, "")
    assert files_in(tmp_path) == {}
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_not_there(tmp_path: Path, server: Server) -> None:
    origin = archived(server, GOOD)
    server.close()
    with pytest.raises(OSError, match="is this machine online"):
        fetch(origin, tmp_path, "")


def test_parts_that_came_are_kept_and_files_of_others_left_alone(server: Server, tmp_path: Path) -> None:
    good = archived(server, GOOD).parts[0]
    bad = replace(good, address=f"{server.address}/gone")
    with pytest.raises(OSError, match="404"):
        fetch(Origin("", "", (good, replace(bad, to="other/{}.bvh"))), tmp_path, "")
    assert set(files_in(tmp_path)) == {"made-up/run.bvh", "made-up/walk.bvh"}
    (tmp_path / "made-up" / "run.bvh").write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"run\.bvh: another file of this name is there; move it away"):
        fetch(Origin("", "", (good,)), tmp_path, "")
    assert (tmp_path / "made-up" / "run.bvh").read_bytes() == b"mine"


def test_text_is_rewritten_to_what_the_sets_were_built_from() -> None:
    assert plain_lines(b"# made by\r\n:DEGREES \r\n\r\nroot 1 2e-05\r\n") == b":DEGREES\nroot 1 2e-05\n"
    motion = b"#!OML\r\n:DEGREES\r\n1\r\nroot 1.50\r\n2\r\nroot 2\r\n3\r\nroot 3e-015\r\nhead 0\r\n"
    assert every_second_frame(motion) == b":DEGREES\n1\nroot 1.50\n2\nroot 3e-015\nhead 0\n"
    assert (
        every_second_frame(b":version 1.10\n:units\n  mass 1.0\n") == b":version 1.10\n:units\n  mass 1.0\n"
    )


def test_every_source_says_where_it_is_kept() -> None:
    table = origins.origins()
    assert set(table) == set(SOURCES) - {"authored"}  # which is part of the project
    places: list[str] = []
    for name, origin in table.items():
        assert origin.kept_at.startswith(("https://", "http://mocap.cs.cmu.edu"))
        assert origin.parts or origin.note
        for part in origin.parts:
            assert part.address.startswith(("https://", "http://mocap.cs.cmu.edu/"))
            assert "github" not in part.address or any(len(word) == 40 for word in part.address.split("/"))
            assert len(part.digest) == 64
            assert bool(part.inside) != ("{}" in part.address)
            assert part.names or part.inside
            assert part.to.startswith(tuple(f"{folder}/" for folder in SOURCES[name].folders))
            assert ".." not in part.to
            places += [part.to.format(here) for here in part.names.values()]
            assert part.rewritten(b"x\n") == b"x\n"
    assert len(set(places)) == len(places)
    fetched = {name for name in MIXES["open-free"] if name in table and table[name].parts}
    assert {"cmu", "accad", "animated-drawings"} <= fetched
    assert table["cmu"].brings("01_01")
    assert not table["cmu"].brings("06_02")  # somebody's conversion
    assert table["bandai-namco"].brings("dataset-1_bow_active_001")
    assert not table["bandai-namco"].brings("dataset-1_call_normal_002")  # kept out for a later test


def test_label_tables_are_made_of_what_is_published(server: Server, tmp_path: Path) -> None:
    trials = [
        name[:-4] for part in origins.origins()["cmu"].parts for name in part.names if name.endswith("amc")
    ]
    text = "CMU, says “B. Hahne”\r\n\r\n" + "".join(f'{trial}\tclimb, "go" under\r\n' for trial in trials)
    server.pages |= {"/list": text.encode("cp1252"), "/short": b"01_01\tclimb\n"}
    with pytest.raises(ValueError, match="describes no trial 01_02"):
        write_label_tables(tmp_path, f"{server.address}/short")
    write_label_tables(tmp_path, f"{server.address}/list")
    rows = (tmp_path / "captions" / "cmu_labels.csv").read_text().splitlines()
    assert rows[:2] == ["trial,motion_description", '01_01,"climb, ""go"" under"']
    assert len(rows) == len(trials) + 1
    accad = (tmp_path / "captions" / "accad_hdm05_labels.csv").read_text().splitlines()
    assert "Male1_B17_Walk2Hop2Walk.bvh,walk to hop to walk" in accad
    assert len(accad) == 287
    write_label_tables(tmp_path, f"{server.address}/gone")  # both are there: nothing is fetched


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Male2_B10_WalkTurnLeft45", "walk turn left"),
        ("Female1_B21_S2_PutDownBoxToWalk", "put down box to walk"),
        ("Female1_A02_SwayT2", "sway"),
        ("Male2_Extended_1", "extended"),
    ],
)
def test_names_of_accad_say_what_is_shown(name: str, words: str) -> None:
    assert words_of(name) == words


def test_the_command_says_what_came_and_how_to_go_on(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = archived(server, GOOD)
    table = {
        name: good if name == "mass" else replace(origin, parts=())
        for name, origin in origins.origins().items()
    }
    monkeypatch.setattr(label_tables, "write_label_tables", lambda captures: None)
    monkeypatch.setattr(origins, "origins", lambda: table)
    assert main(["prepare", "fetch", "--captures", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert (
        "mass: 2 files fetched, from https://example.org\n  licence: Apache-2.0\n  credit: Lee, Park" in said
    )
    assert "cmu-extra: cannot be fetched: " in said
    assert (
        f"prepare open --captures {tmp_path} --out DATA --mix open-free --without cmu accad cmu-extra" in said
    )
    server.pages.clear()
    (tmp_path / "made-up" / "run.bvh").unlink()
    assert main(["prepare", "fetch", "--captures", str(tmp_path), "--source", "mass"]) == 1
    assert "mass: not fetched: http://127.0.0.1" in capsys.readouterr().out
