"""One file, read strictly."""

from __future__ import annotations

import json

import pytest

from contrage.errors import SettingsError
from contrage.settings.yaml_door import read_file


@pytest.fixture
def door(tmp_path):
    def of(content: str | bytes):
        file = tmp_path / "x.yaml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_file(file)

    return of


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dataset: {}\na: 1\ndataset:\n  b: 2\n", "dataset stands there twice, in lines 1 and 3"),
        ("a:\n  b: 1\n  c: 2\n  b: 1\n", r"a\.b stands there twice, in lines 2 and 4"),
        ("a: {b: 1, b: 1}", r"a\.b stands there twice, in line 1"),
        (
            "a:\n- {b: 1}\n- c:\n    d: 1\n    d: 2\n",
            r"a\.c\.d stands there twice, in lines 4 and 5",
        ),
        ('1: a\n"1": b\n', "1 stands there twice, in lines 1 and 2"),
        ('{"a": 1,\n"a": 2}', "a stands there twice, in lines 1 and 2"),
        ("a:\n\tb: 1\n", "line 2 is indented by a tab"),
        ("a: 1\n b: 2\n", "line 2 cannot be read as YAML"),
        ("a: [1, 2\n", "cannot be read as YAML"),
        ("a: *b\n", "line 1 cannot be read as YAML .found undefined alias"),
        ("a: 1\n---\nb: 2\n", "line 2 cannot be read as YAML .but found another document"),
        ("- a\n- b\n", "is made of keys .training: …., not of a list"),
        ("training\n", "is made of keys .training: …., not of text .'training'"),
        ("? [a, b]\n: 1\n", "line 1: a key is a list or a block"),
        ("x:\n  {a: 1}: 2\n", "line 2: a key under x is a list or a block"),
        ("a: !!python/name:os.system x\n", "a: the tag .* in line 1 is not known"),
        ("a: !mine {b: 1}\n", "a: the tag !mine in line 1 is not known"),
        ("a: &a\n  b: *a\n", "contains itself"),
        ("a: 1\n<<: 3\n", "<< in line 2 needs a block"),
        ("a: 1\x00\n", "no YAML"),
        (b"a: 1\nb: M\xfcnchen\n", "line 2 is not UTF-8 text"),
        ("a: 1\n".encode("utf-16"), "line 1 is not UTF-8 text"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence_with_its_line(door, text, message):
    with pytest.raises(SettingsError, match=rf"x\.yaml: .*{message}") as refused:
        door(text)
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"gone\.yaml: cannot be read"):
        read_file(tmp_path / "gone.yaml")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "\ufeff", "null\n"])
def test_a_file_that_says_nothing_says_nothing(door, text):
    assert door(text) == {}


def test_values_stay_as_they_were_written(door):
    content = door('a: 010\nb: NO\nc: 12:30:00\nd: 2020-01-05\ne: "5"\nf: 1e-4\n012: x\non: ü\n')
    assert content == {
        **{"a": "010", "b": "NO", "c": "12:30:00", "d": "2020-01-05", "e": "5", "f": "1e-4"},
        **{"012": "x", "on": "ü"},
    }
    assert content["e"].quoted and not content["a"].quoted


def test_anchors_and_merge_keys_work(door):
    content = door(
        "a: &a {x: 1, y: {z: 1}}\nb: &b {x: 2, w: 3}\n"
        "c:\n  <<: *a\n  x: 4\nd: {<<: [*b, *a]}\ne: *b\n"
    )
    assert content["c"] == {"x": "4", "y": {"z": "1"}}
    assert content["d"] == {"x": "2", "w": "3", "y": {"z": "1"}}
    assert content["e"] == {"x": "2", "w": "3"}


def test_json_is_read_as_well_also_with_tabs(door):
    content = {"training": {"epochs": 2, "seeds": [0, 1], "ema": None, "device": "cpu"}}
    read = door(json.dumps(content, indent="\t"))
    assert read == {
        "training": {"epochs": "2", "seeds": ["0", "1"], "ema": "null", "device": "cpu"}
    }
