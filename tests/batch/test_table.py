"""Tables of prompts: what is read, and which rows are refused with which reason."""

import json

import pytest

from ram_sdk.batch import read_table
from ram_sdk.batch.table import Row


def test_csv_with_all_columns(tmp_path):
    table = tmp_path / "prompts.csv"
    table.write_text('Prompt;duration;seed;num;name\n"a person walks; turns";2,5;7;3;walk\n\na bow;;;;\n')
    rows, bad = read_table(table)
    assert rows == [Row(1, "a person walks; turns", 2.5, 7, 3, "walk"), Row(2, "a bow")]
    assert bad == []


def test_json_lines(tmp_path):
    table = tmp_path / "prompts.jsonl"
    lines = [{"caption": " a person\twalks "}, {"prompt": "a bow", "duration": 3, "seed": 0, "num": 2}]
    table.write_text("\n".join(map(json.dumps, lines)) + "\n{broken\n[1]\n\n")
    rows, bad = read_table(table)
    assert rows == [Row(1, "a person walks"), Row(2, "a bow", 3.0, 0, 2)]
    assert [row.number for row in bad] == [3, 4]
    assert bad[0].reason.startswith("not JSON")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"prompt": "  "}, "no prompt"),
        ({"prompt": 3}, "prompt 3 is not text"),
        ({"prompt": "x", "duration": "two"}, "duration 'two': expected seconds"),
        ({"prompt": "x", "duration": float("nan")}, "duration nan"),
        ({"prompt": "x", "duration": -1}, "duration -1"),
        ({"prompt": "x", "seed": "1.5"}, "seed '1.5': expected a whole number from 0"),
        ({"prompt": "x", "seed": -1}, "seed -1"),
        ({"prompt": "x", "num": 0}, "num 0: expected a whole number from 1 to 10000"),
        ({"prompt": "x", "num": True}, "num True"),
        ({"prompt": "x", "seed": 2**63 - 1, "num": 2}, f"expected a whole number from 0 to {2**63 - 2}"),
        ({"prompt": "x", "name": "../up"}, "name '../up'"),
        ({"prompt": "x", "name": ["a"]}, "name ['a']: expected a text"),
        ({"prompt": "x", "name": False}, "name False: expected a text"),
        ({"prompt": "x", "name": "\ud800x"}, "name '\\ud800x'"),
        ({"prompt": "x", "name": "..hidden"}, "name '..hidden'"),
        ({"prompt": "x", "name": "CON"}, "Windows"),
        ({"prompt": "x", "name": "n" * 300}, "too long"),
    ],
)
def test_bad_rows_say_why(tmp_path, cells, reason):
    table = tmp_path / "prompts.jsonl"
    table.write_text(json.dumps(cells) + '\n{"prompt": "a person walks"}\n')
    rows, bad = read_table(table)
    assert [row.number for row in rows] == [2]
    assert reason in bad[0].reason


def test_a_number_is_a_name(tmp_path):
    table = tmp_path / "prompts.jsonl"
    table.write_text('{"prompt": "a bow", "name": 0}\n{"prompt": "a bow", "name": 7}\n')
    assert [row.name for row in read_table(table)[0]] == ["0", "7"]


def test_the_largest_seed_may_be_the_last_motions(tmp_path):
    table = tmp_path / "prompts.csv"
    table.write_text(f"prompt,seed,num\na bow,{2**63 - 2},2\n")
    assert read_table(table) == ([Row(1, "a bow", seed=2**63 - 2, num=2)], [])


def test_a_prompt_with_commas_must_be_quoted(tmp_path):
    table = tmp_path / "prompts.csv"
    table.write_text("prompt,num\na person walks, then turns,2\na bow,2\n")
    rows, bad = read_table(table)
    assert [row.prompt for row in rows] == ["a bow"]
    assert "put the prompt in quotes" in bad[0].reason


def test_a_prompt_in_quotes_may_have_several_lines(tmp_path):
    table = tmp_path / "prompts.csv"
    table.write_text('prompt,num\n"a person\nwalks\n\nand turns",2\n,\na bow,1\n')
    assert read_table(table)[0] == [Row(1, "a person walks and turns", num=2), Row(2, "a bow")]
    lines = tmp_path / "prompts.jsonl"
    lines.write_text('{"prompt": "a person\u2028walks\x85on"}\n', encoding="utf-8")
    assert read_table(lines) == ([Row(1, "a person walks on")], [])


def test_a_column_prompt_wins_over_those_of_other_names(tmp_path):
    table = tmp_path / "prompts.csv"
    table.write_text("prompt,text\na bow,nonsense\n")
    assert read_table(table)[0] == [Row(1, "a bow")]


def test_unknown_columns_are_told(tmp_path):
    table = tmp_path / "prompts.csv"
    table.write_text("prompt,durations\na bow,3\n")
    with pytest.warns(UserWarning, match="durations: not read; columns are prompt, duration"):
        read_table(table)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.txt", "a bow", "one of .csv, .tsv, .jsonl"),
        ("p.csv", "", "has the columns"),
        ("p.csv", "a bow\na jump\n", "call one 'prompt'"),
        ("p.csv", "prompt\n", "holds no prompt"),
        ("p.jsonl", "\n", "holds no prompt"),
    ],
)
def test_files_that_are_no_tables(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path / name)
