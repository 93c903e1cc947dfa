"""Saving: whole or not at all, with the terms of what it came from, and no NaN."""

import copy
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap

import pytest
import torch
import yaml

from ram_sdk import RAMPipeline
from ram_sdk.checkpoint import SHIPPED
from ram_sdk.control.timeline import Segment, Timeline
from ram_sdk.files import replacing, sigterm_as_exit, write_whole
from tests.full_disk import fill_disk, in_a_child


@pytest.mark.parametrize("limit", [100, 5_000, 30_000])
def test_a_full_disk_leaves_nothing(pipeline, tmp_path, limit):
    def work():
        fill_disk(limit)
        try:
            pipeline.save_pretrained(tmp_path / "new")
        except OSError as error:
            os._exit(7 if str(tmp_path / "new") in str(error) else 8)

    assert in_a_child(work) == 7
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_an_old_checkpoint_as_it_was(pipeline, checkpoint):
    before = {path: path.read_bytes() for path in checkpoint.rglob("*") if path.is_file()}

    def work():
        fill_disk(5_000)
        pipeline.save_pretrained(checkpoint)

    assert in_a_child(work) not in (0, 98, 99)
    assert {path: path.read_bytes() for path in checkpoint.rglob("*") if path.is_file()} == before
    assert [path.name for path in checkpoint.parent.iterdir()] == [checkpoint.name]


def test_a_folder_between_old_and_new_is_no_checkpoint(pipeline, checkpoint, monkeypatch):
    """A kill in the middle of exchanging files: the index, which marks a folder as whole, is missing."""
    from pathlib import Path

    original = Path.replace

    def replace(path, target):
        if Path(target).name == "model_index.json":
            os._exit(9)
        return original(path, target)

    def work():
        monkeypatch.setattr(Path, "replace", replace)
        pipeline.save_pretrained(checkpoint)

    assert in_a_child(work) == 9
    with pytest.raises(ValueError, match=r"holds no model_index\.json"):
        RAMPipeline.from_pretrained(checkpoint)
    pipeline.save_pretrained(checkpoint)
    RAMPipeline.from_pretrained(checkpoint)


def test_what_else_lies_in_the_folder_stays(pipeline, checkpoint):
    (checkpoint / "run").mkdir()
    (checkpoint / "run" / "log.jsonl").write_text("{}\n")
    pipeline.save_pretrained(checkpoint, variant="fp16")
    assert (checkpoint / "run" / "log.jsonl").read_text() == "{}\n"
    checksums = json.loads((checkpoint / "model_index.json").read_text())["_sha256"]
    assert {"denoiser/model.safetensors", "denoiser/model.fp16.safetensors"} <= checksums.keys()
    RAMPipeline.from_pretrained(checkpoint)
    RAMPipeline.from_pretrained(checkpoint, variant="fp16")


def test_names_as_long_as_the_system_allows(pipeline, tmp_path):
    folder = tmp_path / ("n" * 255)
    pipeline.save_pretrained(folder)
    RAMPipeline.from_pretrained(folder)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_weights_that_are_no_numbers_are_not_written(pipeline, tmp_path, value):
    parts = pipeline.components | {"denoiser": copy.deepcopy(pipeline.denoiser)}
    with torch.no_grad():
        parts["denoiser"].output_projection.bias[0] = value
    with pytest.raises(ValueError, match=r"denoiser: output_projection.bias holds NaN or infinite values"):
        RAMPipeline(**parts).save_pretrained(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_terms_and_credits_go_with_the_weights(name, tmp_path):
    RAMPipeline.from_pretrained(name).save_pretrained(tmp_path / "mine")
    card = (tmp_path / "mine" / "README.md").read_text()
    origin = (SHIPPED[name] / "README.md").read_text()
    head, original_head = (yaml.safe_load(text.split("---")[1]) for text in (card, origin))
    assert head["license"] == original_head["license"]
    assert origin.split("## Credits")[1].strip() in card
    terms = next(line for line in origin.splitlines() if line.startswith("**Terms of use.**"))
    assert terms in card
    assert "Metrics" not in card
    RAMPipeline.from_pretrained(tmp_path / "mine").save_pretrained(tmp_path / "again")
    assert terms in (tmp_path / "again" / "README.md").read_text()


@pytest.mark.parametrize(
    ("card", "kept"),
    [
        (
            "---\nlicense: other\nlicense_name: mine\n---\n## Licence\n\nOnly on Sundays.\n",
            "Only on Sundays.",
        ),
        ("# Mine\n\n## Acknowledgements\n\nThanks to Bo.\n\n## Results\n\nGood.\n", "Thanks to Bo."),
        ("## Terms of use\n\nAsk first.\n", "Ask first."),
        ("no headings at all", "To be filled in"),
    ],
)
def test_cards_of_other_people(checkpoint, tmp_path, card, kept):
    (checkpoint / "README.md").write_text(card)
    RAMPipeline.from_pretrained(checkpoint).save_pretrained(tmp_path / "mine")
    written = (tmp_path / "mine" / "README.md").read_text()
    assert kept.lower() in written.lower()
    assert "Good." not in written
    assert ("license_name: mine" in written) == ("license_name" in card)


@pytest.mark.parametrize("name", ["x.json", "n" * 255, ".hidden", "no suffix"])
def test_a_file_is_replaced_whole(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"old")
    with pytest.raises(FileNotFoundError), replacing(path) as temporary:
        temporary.with_suffix(f".missing{temporary.write_bytes(b'half')}").read_bytes()
    assert path.read_bytes() == b"old"
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_links_stay_and_pipes_are_refused(tmp_path):
    (tmp_path / "link.yaml").symlink_to(tmp_path / "real.yaml")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    timeline = Timeline((Segment("a person walks", 0, 2),))
    for text in ("absent", "old"):
        timeline.save(tmp_path / "link.yaml")
        assert (tmp_path / "link.yaml").is_symlink(), text
        assert "a person walks" in (tmp_path / "real.yaml").read_text()
        (tmp_path / "real.yaml").write_text("old")
    os.mkfifo(tmp_path / "pipe.json")
    for write in (timeline.save, lambda path: write_whole(path, b"x")):
        with pytest.raises(OSError, match=r"pipe.json': it is a pipe or a device, not a file"):
            write(tmp_path / "pipe.json")
    assert stat.S_ISFIFO((tmp_path / "pipe.json").stat().st_mode)
    with pytest.raises(OSError, match="it is a folder"):
        write_whole(tmp_path, b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.yaml", "loop", "pipe.json", "real.yaml"]


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_removes_temporary_files(tmp_path, sent):
    code = f"""
        import signal, sys, time
        from pathlib import Path
        signal.signal(signal.SIGINT, signal.default_int_handler)  # shells ignore it behind them
        from ram_sdk.files import replacing, replacing_folder, sigterm_as_exit
        with sigterm_as_exit(), replacing(Path({str(tmp_path)!r}) / "a") as file, \\
             replacing_folder(Path({str(tmp_path)!r}) / "b", "index") as folder:
            file.write_text("half")
            (folder / "part").write_text("half")
            print("ready", flush=True)
            time.sleep(600)
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        assert len(list(tmp_path.iterdir())) == 2
        process.send_signal(sent)
        assert process.wait(timeout=120) == (143 if sent == signal.SIGTERM else -signal.SIGINT)
    assert list(tmp_path.iterdir()) == []


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as caught, sigterm_as_exit():
        signal.raise_signal(signal.SIGTERM)
    assert caught.value.code == 143
    assert signal.getsignal(signal.SIGTERM) == before
