"""Time series of regions: brought to one length; other regions and missing values are named."""

from __future__ import annotations

import numpy as np
import pytest
from kind_readers import reader

from contrage.errors import BadScanError
from contrage.modalities.series import taken


def series(path, values):
    np.save(path, values)
    return path


def test_the_middle_of_a_longer_series_is_taken(tmp_path, rng):
    values = rng.normal(size=(3, 11))
    read, told = reader("series", regions=3, length=6)(series(tmp_path / "a.npy", values))
    np.testing.assert_array_equal(read, values[:, 2:8].astype(np.float32))
    assert told == []


def test_a_shorter_one_is_reflected_at_both_ends_and_told(tmp_path):
    values = np.array([[0.0, 1, 2, 3], [5, 6, 7, 8]])
    read, told = reader("series", regions=2, length=9)(series(tmp_path / "a.npy", values[None]))
    assert read[0].tolist() == [2, 1, 0, 1, 2, 3, 2, 1, 0]
    assert told == ["series shorter than asked for, reflected at both ends"]


@pytest.mark.parametrize("length", range(1, 9))
@pytest.mark.parametrize("wanted", [1, 4, 7, 20])
def test_points_are_neighbours_in_time_and_all_are_taken_of_a_shorter_series(length, wanted):
    points = taken(length, wanted)
    assert len(points) == wanted and points.min() >= 0 and points.max() < length
    assert (np.abs(np.diff(points)) == (length > 1)).all()
    if wanted >= length:
        assert set(points) == set(range(length))


def test_a_table_has_a_region_in_each_column(tmp_path):
    (tmp_path / "a.csv").write_text("one,two\n1,5\n2,6\n3,7\n4,8\n")
    read, _ = reader("series", regions=2, length=4)(tmp_path / "a.csv")
    assert read.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((4, 9)), r"has 4 regions, not 3 \(cohort\.series\.regions\)$"),
        (np.zeros((9, 3)), r"has 9 regions, not 3 .*; are its axes exchanged\?"),
        (np.zeros(9), r"has shape \(9,\), not \(regions, points in time\)"),
        (np.full((3, 9), "a"), "is no array of numbers"),
    ],
)
def test_an_array_of_another_shape_is_named_with_what_was_expected(tmp_path, values, said):
    with pytest.raises(BadScanError, match=rf"a\.npy: {said}"):
        reader("series", regions=3)(series(tmp_path / "a.npy", values))


def test_missing_values_are_named_with_the_region_also_where_they_would_be_cropped(tmp_path):
    values = np.ones((3, 9))
    values[1, 0] = np.nan
    with pytest.raises(BadScanError, match=r"a\.npy: has values that are NaN.*region 2 of 3"):
        reader("series", regions=3, length=4)(series(tmp_path / "a.npy", values))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one,two\n1,high\n", "has a cell that is no number.*a column is a region"),
        ("one,two\n1\n", "line 2"),
        ("", "is empty"),
    ],
)
def test_a_table_that_cannot_be_read_is_named(tmp_path, text, said):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(BadScanError, match=rf"a\.csv: .*{said}"):
        reader("series", regions=2)(tmp_path / "a.csv")


def test_nothing_in_an_array_is_executed(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(BadScanError, match="cannot be read"):
        reader("series", regions=1)(tmp_path / "a.npy")


def test_a_table_without_a_line_of_names_is_refused(tmp_path, rng):
    """Its first point in time would be read as names."""
    np.savetxt(tmp_path / "a.csv", rng.normal(size=(10, 4)), delimiter=",")
    with pytest.raises(BadScanError, match=r"a\.csv: has numbers where regions are named"):
        reader("series", regions=4, length=6)(tmp_path / "a.csv")


def test_a_series_without_a_point_in_time_is_named(tmp_path):
    with pytest.raises(BadScanError, match=r"a\.npy: has no point in time"):
        reader("series", regions=3, length=6)(series(tmp_path / "a.npy", np.zeros((3, 0))))
