"""Tables are read as their writers mean them, or refused in a line that names the place."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contrage.errors import TableError
from contrage.tables import Table, nearest, read_table, read_tsv, write_csv, write_rows, write_tsv


def table(folder: Path, content: str | bytes, name: str = "table.tsv") -> Table:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path)


def cells(found: Table) -> list[list[str]]:
    return [list(row.values()) for row in found.rows]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them(tmp_path, end):
    assert cells(table(tmp_path, end.join(["a\tb", "1\t2", "3\t4", ""]))) == [
        ["1", "2"],
        ["3", "4"],
    ]


def test_a_quotation_mark_in_a_tsv_is_a_character_like_any_other(tmp_path):
    found = table(tmp_path, 'a\tnotes\n1\t"tired\n2\t\n3\tcoil 12"\n')
    assert cells(found) == [["1", '"tired'], ["2", ""], ["3", 'coil 12"']]


def test_a_tsv_whose_header_is_quoted_is_quoted_throughout(tmp_path):
    found = table(tmp_path, '"id"\t"notes"\n"01"\t"a\tb ""c"""\n2\t3\n')
    assert found.columns == ["id", "notes"]
    assert cells(found) == [["01", 'a\tb "c"'], ["2", "3"]]


def test_a_csv_has_quoting(tmp_path):
    found = table(tmp_path, 'a,b\n1,"x, y"\n2, "z"\n', "table.csv")
    assert cells(found) == [["1", "x, y"], ["2", "z"]]


@pytest.mark.parametrize(
    "rows",
    ['1,"tired\n2,\n3,coil"\n', '1,"tired\n2,x\n3,y\n4,z"\n'],
)
def test_a_quotation_mark_that_swallows_rows_of_a_csv_is_named(tmp_path, rows):
    with pytest.raises(TableError, match=r"table\.csv: line 2: a quotation mark opens a cell"):
        table(tmp_path, f"a,notes\n{rows}", "table.csv")


def test_a_quotation_mark_that_is_never_closed_is_named(tmp_path):
    with pytest.raises(TableError, match=r"line 3: .* does a quotation mark stand alone there"):
        table(tmp_path, 'a,notes\n1,x\n2,"tired\n3,y\n', "table.csv")


@pytest.mark.parametrize("text", ["a;b\n1;2,5\n", "sep=;\na;b\n1;2,5\n", 'a;"b, c"\n1;2,5\n'])
def test_semicolons_of_a_spreadsheet_are_read(tmp_path, text):
    assert cells(table(tmp_path, text, "table.csv")) == [["1", "2,5"]]


@pytest.mark.parametrize(
    "text", ["a\tb\n1\t2\t\n3\t4\t\t\n", "a\tb\t\n1\t2\t\n3\t4\t\n", "a\tb\n1\t2\n\t\n\n3\t4\n"]
)
def test_tabs_too_many_and_blank_rows_are_nothing(tmp_path, text):
    found = table(tmp_path, text)
    assert found.columns == ["a", "b"]
    assert cells(found) == [["1", "2"], ["3", "4"]]


def test_rows_keep_the_number_of_their_line(tmp_path):
    assert table(tmp_path, "a\tb\n\n1\t2\n\t\n3\t4\n").numbers == [3, 5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\n1\t2\t3\n", "line 2 has 3 cells, the header 2"),
        ("a\tb\tc\n1\t2\t3\n1\t2\n", "line 3 has 2 cells, the header 3"),
        ("a\tb\ta\n1\t2\t3\n", "two columns are named 'a'"),
        ("", "is empty"),
        ("\n\n", "is empty"),
        (b"PK\x03\x04 xl/workbook.xml", "Excel workbook"),
        (b"\x1f\x8brest", "compressed"),
        ("version https://git-lfs.github.com/spec/v1\n", "pointer of git-lfs"),
        ("/annex/objects/MD5E-s1--a.tsv\n", "pointer of git-annex"),
        ("<!DOCTYPE html><html>", "web page"),
        ("a\tb\n1\t2\n".encode("utf-16-le"), "zero bytes"),
        ("a\tb\n1\tx\nMünster\t2\n".encode("latin-1"), "line 3 is not UTF-8 .'Münster'"),
    ],
)
def test_what_is_no_table_is_named_with_its_reason(tmp_path, text, message):
    with pytest.raises(TableError, match=message) as caught:
        table(tmp_path, text)
    assert str(tmp_path / "table.tsv") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marked_encodings_are_read(tmp_path, encoding):
    found = table(tmp_path, "site\tage\nMünster\t3\n".encode(encoding))
    assert found.columns == ["site", "age"] and cells(found) == [["Münster", "3"]]


def test_a_file_that_is_not_there_or_a_link_to_nowhere_is_named(tmp_path):
    with pytest.raises(TableError, match=r"none\.tsv: no such file"):
        read_table(tmp_path / "none.tsv")
    (tmp_path / "lost.tsv").symlink_to("gone")
    with pytest.raises(TableError, match=r"lost\.tsv: a link to nowhere; fetch"):
        read_table(tmp_path / "lost.tsv")


@pytest.mark.parametrize(
    "name", ["Participant_ID", "participant id", "participant-id", "ParticipantID"]
)
def test_a_column_is_found_by_its_name_however_it_is_written(tmp_path, name):
    assert table(tmp_path, f"{name}\tage\n1\t2\n").column("participant_id") == name


def test_an_exact_name_counts_more_and_two_alike_are_refused(tmp_path):
    assert table(tmp_path, "age\tAge\n1\t2\n").column("age") == "age"
    with pytest.raises(TableError, match="'Age' and 'AGE' are both column 'age'"):
        table(tmp_path, "Age\tAGE\n1\t2\n").column("age")


def test_a_column_that_is_not_there_is_named_with_the_nearest(tmp_path):
    with pytest.raises(TableError, match=r"no column 'age' \(cohort\.x\); did you mean 'aeg'"):
        table(tmp_path, "id\taeg\n1\t2\n").column("age", "cohort.x")
    assert nearest("age", ["Age [years]", "weight"]) == "Age [years]"
    assert nearest("age", ["sex", "weight"]) is None


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])).map(
    str.strip
)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT).filter(any), min_size=1))
def test_what_is_written_is_read_again(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "table.tsv"
    names = ["scan_id", "site", "reason"]
    write_tsv(path, pd.DataFrame(rows, columns=names))
    assert [tuple(row.values()) for row in read_table(path).rows] == rows
    write_rows(path, names, [dict(zip(names, row, strict=True)) for row in rows])
    assert [tuple(row.values()) for row in read_table(path).rows] == rows


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_keep_their_value_and_labels_their_zeros(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("t") / "table.tsv"
    frame = pd.DataFrame({"site": [f"{k:03d}" for k in range(len(values))], "value": values})
    write_tsv(path, frame)
    found = read_tsv(path)
    assert found["site"].tolist() == frame["site"].tolist()
    assert found["value"].tolist() == pytest.approx(values, rel=1e-14)
    assert read_tsv(path, as_text=True)["value"].map(float).tolist() == values


def test_missing_values_are_missing_and_ends_of_line_stay_in_their_cell(tmp_path):
    frame = pd.DataFrame({"reason": ["a\tb\nc", None, 'says "no"'], "n": [1.5, None, 2]})
    write_tsv(tmp_path / "t.tsv", frame)
    text = (tmp_path / "t.tsv").read_text(encoding="utf-8")
    assert text == 'reason\tn\na b c\t1.5\nn/a\tn/a\nsays "no"\t2.0\n'
    assert read_tsv(tmp_path / "t.tsv").isna().sum().tolist() == [1, 1]


@given(st.text(string.printable))
def test_any_text_is_a_table_or_an_error_of_ours(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("t")
    for name in ("table.tsv", "table.csv"):
        try:
            found = table(folder, text, name)
        except TableError:
            continue
        assert all(set(row) == set(found.columns) for row in found.rows)


def test_nothing_else_reads_or_writes_tables(root):
    """One strict reader: no other file of the package parses TSV or CSV."""
    package = root / "workflow" / "contrage"
    found = []
    for file in sorted(package.rglob("*.py")):
        if file == package / "tables.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = {
                alias.name for alias in getattr(node, "names", []) if isinstance(node, ast.Import)
            }
            called = getattr(node, "attr", "")
            if "csv" in names or called in (
                "read_csv",
                "read_table",
                "to_csv",
                "genfromtxt",
                "loadtxt",
            ):
                found.append(f"{file.relative_to(package)}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize("quoted", [False, True])
def test_a_csv_is_read_as_it_was_written(tmp_path, quoted):
    rows = [{"id": "007", "note": 'a "b", c'}, {"id": "008"}]
    write_csv(tmp_path / "own.csv", ["id", "note"], rows, quoted=quoted)
    found = read_table(tmp_path / "own.csv")
    assert found.columns == ["id", "note"]
    assert found.rows == [rows[0], {"id": "008", "note": ""}]
    head = (tmp_path / "own.csv").read_text(encoding="utf-8").splitlines()[0]
    assert head == ('"id","note"' if quoted else "id,note")
