"""The best draw, and the table of draws."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contrage.evaluation.choose import choose, search_table
from contrage.files import read_json, write_json
from contrage.settings.steps.evaluation import ChooseStep, SearchTableStep
from contrage.tables import read_tsv


@given(errors=st.lists(st.sampled_from([1.5, 2.0, 3.25]), min_size=1))
def test_the_best_draw_is_the_first_with_the_smallest_error(tmp_path_factory, errors):
    best, smallest = None, float("inf")
    for place, error in enumerate(errors):
        if error < smallest:
            best, smallest = place, error
    assert read_json(chosen(tmp_path_factory.mktemp("draws"), errors))["draw"] == best


def chosen(tmp_path, errors, row="exp", fold=0, **draws):
    """Choose between draws with these errors; by default each has another sigma."""
    paths = []
    for number, error in enumerate(errors):
        paths.append(tmp_path / f"{row}-{fold}-{number}.json")
        write_json(paths[-1], {"mae": error})
    drawn = draws.get("draws") or [{"sigma": float(n)} for n in range(len(errors))]
    output = tmp_path / f"{row}-{fold}-best.json"
    choose(ChooseStep(row, 0, fold, tuple(drawn)), metrics=paths, output=output)
    return output


def test_the_file_says_what_was_chosen_and_by_what_rule(tmp_path):
    best = read_json(chosen(tmp_path, [5.0, 4.0, 6.0, 4.0], fold=2))
    assert best["settings"] == {"sigma": 1.0}
    assert (best["row"], best["split"], best["fold"], best["draw"]) == ("exp", 0, 2, 1)
    assert (best["validation_mae"], best["draws"]) == (4.0, 4)
    assert "smallest validation MAE" in best["rule"] and "lowest draw number" in best["rule"]


def test_the_table_has_a_line_per_draw_and_a_column_per_setting(tmp_path):
    first = chosen(tmp_path, [5.0, 4.0])
    draws = [{"nn_final": 3, "norm": "cosine", "beta": [2, 8]}]
    second = chosen(tmp_path, [3.0], row="dynlocrep", draws=draws)
    search_table(SearchTableStep(), best=[first, second], output=tmp_path / "search.tsv")
    text = (tmp_path / "search.tsv").read_text().splitlines()
    assert text[0].split("\t") == [
        *("row", "split", "fold", "draw", "validation_mae", "chosen"),
        *("sigma", "nn_final", "norm", "beta"),
    ]
    assert text[3].split("\t")[6:] == ["n/a", "3", "cosine", "[2, 8]"]
    table = read_tsv(tmp_path / "search.tsv")
    assert table["chosen"].tolist() == [False, True, True]
    assert table["sigma"].tolist()[:2] == [0.0, 1.0]
