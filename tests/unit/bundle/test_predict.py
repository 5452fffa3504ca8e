"""A number for each scan, with its interval, gap and flags; or a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_models import FEATURES, table_model, write_rows
from targets import POINTS, SIDES

from contrage import cli
from contrage.bundle import flags
from contrage.bundle.facts import LineFacts
from contrage.bundle.network import networks, z_scored
from contrage.bundle.opened import Bundle, open_bundle
from contrage.bundle.predict import Prediction, predict_subjects, subjects
from contrage.bundle.residuals import Residuals
from contrage.errors import TableError
from contrage.evaluation.statistics.conformal import half_width, half_width_of_new_sites
from contrage.files import read_json
from contrage.tables import read_tsv


def predicted(bundle: Bundle, *paths: Path, known: Path | None = None, **asked) -> list[Prediction]:
    return list(predict_subjects(bundle, subjects(bundle, list(paths), known), **asked))


def slowly(bundle: Bundle, values: list[float]) -> np.ndarray:
    """What each member makes of a row of features, layer by layer."""
    found = []
    for member in bundle.members:
        weights = {name: each.double().numpy() for name, each in member.weights["encoder"].items()}
        signal = (np.array(values) - member.scores["mean"]) / member.scores["sd"]
        for linear, norm in (("layers.1", "layers.2"), ("layers.5", "layers.6")):
            signal = weights[f"{linear}.weight"] @ signal
            mean, var = weights[f"{norm}.running_mean"], weights[f"{norm}.running_var"]
            signal = (signal - mean) / np.sqrt(var + 1e-5)
            signal = np.maximum(signal * weights[f"{norm}.weight"] + weights[f"{norm}.bias"], 0)
        found.append(signal @ member.reading["coef"] + member.reading["intercept"])
    return np.array(found)


def test_a_prediction_is_the_mean_of_the_members_as_computed_by_hand(of_table, tmp_path):
    row = {"lh_thick": 2.61, "rh_thick": 2.2, "volume": 1290}
    (found,) = predicted(of_table, write_rows(tmp_path / "t.tsv", row))
    each = slowly(of_table, [row[name] for name in FEATURES])
    assert found.refused is None
    assert found.predicted == pytest.approx(each.mean(), abs=1e-4)
    assert found.spread == pytest.approx(each.std(ddof=1), abs=1e-4)
    for number in range(2):
        table = write_rows(tmp_path / "t.tsv", row)
        (alone,) = predicted(of_table, table, members=[number])
        assert alone.predicted == pytest.approx(each[number], abs=1e-4)
        assert alone.spread is None


def test_the_order_of_columns_and_further_ones_do_not_count(of_table, tmp_path):
    row = {"lh_thick": 2.61, "rh_thick": 2.2, "volume": 1290}
    (one,) = predicted(of_table, write_rows(tmp_path / "a.tsv", row))
    table = tmp_path / "b.csv"
    table.write_text("volume,remark,rh_thick,participant_id,lh_thick\n1290,x,2.2,p1,2.61\n")
    (other,) = predicted(of_table, table)
    assert other.predicted == one.predicted and other.known is None and one.known == 50


def test_networks_give_what_is_predicted_and_their_gradient(of_table, tmp_path):
    table = write_rows(tmp_path / "t.tsv", {"volume": 1350})
    (found,) = predicted(of_table, table)
    (subject,) = subjects(of_table, [table])
    image = np.array([subject.values[name] for name in FEATURES])
    values = []
    for member, network in zip(of_table.members, networks(of_table), strict=True):
        score = torch.from_numpy(z_scored(of_table, member, image))[None].requires_grad_()
        value = network(score)
        value.sum().backward()
        assert score.grad.abs().sum() > 0 and value.shape == (1,)
        values.append(value.item())
    assert np.mean(values) == pytest.approx(found.predicted, abs=1e-9)


def test_the_interval_is_of_the_held_out_residuals(of_table, tmp_path):
    table = write_rows(tmp_path / "t.tsv", {})
    (found,) = predicted(of_table, table)
    errors = np.sort(np.abs(of_table.residuals.residuals))
    half = errors[int(np.ceil(41 * 0.9)) - 1]
    assert found.high - found.predicted == pytest.approx(half)
    assert found.predicted - found.low == pytest.approx(half)


def test_of_a_few_sites_no_interval_is_told_for_new_ones(of_table, tmp_path):
    (found,) = predicted(of_table, write_rows(tmp_path / "t.tsv", {}), interval="site")
    assert found.predicted is not None and found.low is None and found.high is None
    assert found.interval is None
    assert any("no interval" in each for each in found.flags)


def test_the_interval_for_new_sites_is_that_of_the_page(of_table, tmp_path, rng):
    sites = {f"site {at}": np.sort(rng.normal(at, 3, 6 + at)) for at in range(12)}
    every = np.concatenate(list(sites.values()))
    many = replace(of_table, residuals=Residuals(np.sort(every), sites))
    (found,) = predicted(many, write_rows(tmp_path / "t.tsv", {}), interval="site")
    names = np.repeat(list(sites), [len(own) for own in sites.values()])
    half = half_width_of_new_sites(every, names, 0.9)
    assert found.high - found.predicted == pytest.approx(half)
    assert half > half_width(every, 0.9)
    assert found.interval == "site"
    assert any("sites that were learned from" in each for each in found.flags)


def test_the_gap_is_told_where_the_age_is_and_corrected_with_the_line(of_table, tmp_path):
    ages = write_rows(tmp_path / "t.tsv", {"age": 41.5}, {"age": "n/a"}, {"age": "old"})
    told, untold, wrong = predicted(of_table, ages)
    assert told.gap == pytest.approx(told.predicted - 41.5)
    assert told.corrected_gap == pytest.approx((told.predicted - 10) / 0.8 - 41.5)
    assert (untold.gap, untold.corrected_gap, untold.known) == (None, None, None)
    assert wrong.gap is None and "'old' is not a number" in wrong.flags[0]


def test_ages_of_a_table_are_in_the_unit_that_it_says_else_in_that_of_the_trained_one(
    of_table, tmp_path
):
    path = write_rows(tmp_path / "t.tsv", {"age": 41.5})
    trained = replace(of_table.facts.seen.table, age_unit="months")
    seen = replace(of_table.facts.seen, table=trained)
    in_months = replace(of_table, facts=replace(of_table.facts, seen=seen))
    assert subjects(of_table, [path])[0].known == 41.5
    assert subjects(in_months, [path])[0].known == pytest.approx(41.5 / 12)
    for unit, age in (("years", 41.5), ("months", 41.5 / 12)):
        path.with_suffix(".json").write_text(json.dumps({"age": {"Units": unit}}))
        for bundle in (of_table, in_months):
            assert subjects(bundle, [path])[0].known == pytest.approx(age)


def test_a_line_that_is_too_flat_corrects_nothing(tmp_path):
    flat = table_model(tmp_path / "flat", line=LineFacts(40.0, 0.2, 40))
    (found,) = predicted(open_bundle(flat), write_rows(tmp_path / "t.tsv", {}))
    assert found.gap is not None and found.corrected_gap is None
    assert any("less than 0.25" in each for each in found.flags)


def test_another_target_than_age_has_no_gap(tmp_path):
    bundle = open_bundle(table_model(tmp_path / "points", POINTS, line=None))
    table = write_rows(tmp_path / "t.tsv", {"progression": 120})
    (found,) = predicted(bundle, table)
    assert found.known == 120 and found.gap is None and found.low is not None


def test_of_two_sides_a_probability_is_told_and_no_interval(tmp_path):
    bundle = open_bundle(table_model(tmp_path / "sides", SIDES, line=None))
    table = write_rows(tmp_path / "t.tsv", {"diagnosis": "AD"}, {"diagnosis": "HC"})
    found = predicted(bundle, table)
    assert all(0 < each.predicted < 1 and each.low is None for each in found)
    assert [each.known for each in found] == [1.0, 0.0]


def test_an_age_outside_the_trained_range_is_flagged(of_table, tmp_path):
    table = write_rows(tmp_path / "t.tsv", {"age": 50}, {"age": 15}, {"age": 90.5})
    usual, young, old = predicted(of_table, table)
    assert not any("age" in each for each in usual.flags)
    assert "age 15 is outside 20 to 80 years, the range that was learned from" in young.flags
    assert any("age 90.5 is outside" in each for each in old.flags)


def test_features_far_from_all_that_were_learned_from_are_flagged(of_table, tmp_path):
    table = write_rows(tmp_path / "t.tsv", {"volume": 1500, "lh_thick": 3.1, "rh_thick": 1.5})
    (found,) = predicted(of_table, table)
    assert any("farther away than those of all 8 people" in each for each in found.flags)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"lh_thick": "thick"}, "lh_thick is 'thick', and no number"),
        ({"lh_thick": "inf"}, "lh_thick is 'inf', and no number"),
        ({"lh_thick": "1_0"}, "no number"),
        ({"rh_thick": "n/a"}, "rh_thick missing"),
        ({"lh_thick": 2500, "rh_thick": 2400, "volume": 1.2e6}, "another unit"),
    ],
)
def test_a_row_that_cannot_be_used_gets_a_sentence_and_the_others_a_number(
    of_table, tmp_path, row, said
):
    good, bad, last = predicted(of_table, write_rows(tmp_path / "t.tsv", {}, row, {"volume": 1250}))
    assert bad.predicted is None and said in bad.refused
    assert good.predicted is not None and last.predicted is not None


def test_a_missing_value_gets_the_median_where_that_was_so_in_training(tmp_path):
    model = table_model(tmp_path / "model")
    bundle = open_bundle(model)
    table = replace(bundle.facts.seen.table, missing="median", missing_values=(-9.0,))
    facts = replace(bundle.facts, seen=replace(bundle.facts.seen, table=table))
    bundle = replace(bundle, facts=facts)
    rows = {"rh_thick": "n/a"}, {"rh_thick": -9}, {"rh_thick": 2.43}
    found = [each.predicted for each in predicted(bundle, write_rows(tmp_path / "t.tsv", *rows))]
    assert found[0] == found[1] == pytest.approx(found[2], abs=1e-4)


def test_a_table_without_a_feature_is_refused_by_its_name(of_table, tmp_path):
    table = tmp_path / "t.tsv"
    table.write_text("participant_id\tlh_thick\nx\t2.5\n")
    with pytest.raises(TableError, match=r"2 of the 3 features .* rh_thick, volume"):
        subjects(of_table, [table])


def test_people_of_one_name_are_told_apart(of_table, tmp_path):
    table = write_rows(tmp_path / "t.tsv", {"participant_id": "x"}, {"participant_id": "x"})
    assert [each.name for each in predicted(of_table, table)] == ["sub-x", "sub-x (2)"]


def test_a_table_of_the_known_is_laid_over(of_table, tmp_path):
    table = write_rows(tmp_path / "t.tsv", {"age": "n/a"}, {"age": "n/a"})
    known = tmp_path / "known.tsv"
    known.write_text("participant_id\tage\tsite\nsub-p2\t61\tb\n")
    first, second = predicted(of_table, table, known=known)
    assert first.known is None and second.known == 61


def test_an_array_of_another_shape_kind_or_value_is_refused(of_arrays, tmp_path, rng):
    usual = rng.normal(0, 1, (7, 68)) + np.arange(7)[:, None]
    arrays = {
        "good": usual,
        "turned": usual.T,
        "nan": np.where(usual > 2, np.nan, usual),
        "other-unit": usual * 1000,
        "constant": np.ones((7, 68)),
    }
    for name, values in arrays.items():
        np.save(tmp_path / f"sub-{name}_preproc-freesurfer_desc-desikan_ROI.npy", values)
    found = {each.name: each for each in predicted(of_arrays, tmp_path)}
    assert found["sub-good"].refused is None
    reasons = {name.removeprefix("sub-"): each.refused for name, each in found.items()}
    assert "has shape (68, 7)" in reasons["turned"] and "NaN" in reasons["nan"]
    assert "another unit" in reasons["other-unit"] and "is constant" in reasons["constant"]


def test_only_the_bad_side_of_a_measure_is_flagged():
    usual = {"coverage": (0.7, 0.95), "air": (0.01, 0.1)}
    assert not list(flags.of_quality({"coverage": 0.99, "air": 0.001}, usual))
    found = list(flags.of_quality({"coverage": 0.6, "air": 0.2, "flag_reason": ["x"]}, usual))
    assert found[0] == "quality: x" and "coverage 0.6 is below 0.7" in found[1]
    assert "air 0.2 is above 0.1" in found[2]


def command(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(["predict", *map(str, arguments)])
    return ended.value.code


def test_the_command_writes_a_table_and_json_and_its_status_tells(table_folder, tmp_path, capsys):
    output, plain = tmp_path / "out" / "p.tsv", tmp_path / "p.json"
    good = write_rows(tmp_path / "good.tsv", {"age": 44}, {"age": "n/a"})
    cli.main(["predict", str(table_folder), str(good), "--output", str(output)])
    frame = read_tsv(output)
    names = [
        "scan",
        "predicted_age",
        "low",
        "high",
        "interval",
        "spread",
        "age",
        "gap",
        "corrected_gap",
    ]
    assert list(frame) == [*names, "flags", "refused"]
    assert set(frame["interval"]) == {"people"}
    assert frame["age"].tolist()[0] == 44 and frame["refused"].isna().all()
    assert "sub-p1: " in capsys.readouterr().out
    some = write_rows(tmp_path / "some.tsv", {}, {"volume": "big"})
    status = command(table_folder, some, "--output", output, "--json", plain, "--quiet")
    assert status == 3 and not capsys.readouterr().out
    content = read_json(plain)
    assert content["notice"].startswith("Research use only")
    assert "no number" in content["predictions"][1]["refused"]
    assert [each["interval"] for each in content["predictions"]] == ["people", None]
    assert content["predictions"][0]["predicted"] == pytest.approx(
        read_tsv(output)["predicted_age"][0], abs=1e-6
    )
    none = write_rows(tmp_path / "none.tsv", {"volume": "big"})
    assert command(table_folder, none, "--output", output) == 1


@pytest.mark.parametrize("missing", ["model", "table"])
def test_what_is_not_there_is_one_line_and_status_1(table_folder, tmp_path, capsys, missing):
    table = write_rows(tmp_path / "t.tsv", {})
    given = {"model": (tmp_path / "no", table), "table": (table_folder, tmp_path / "no.tsv")}
    assert command(*given[missing], "--output", tmp_path / "p.tsv") == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "Traceback" not in said and "no" in said


def test_a_model_works_without_snakemake_and_without_what_it_was_made_of(table_folder, tmp_path):
    table = write_rows(tmp_path / "t.tsv", {"age": 44})
    code = (
        "import sys; sys.modules['snakemake'] = None\n"
        "from contrage.cli import main\n"
        f"main(['predict', {str(table_folder)!r}, {str(table)!r}, '--output', 'p.tsv'])\n"
        "loaded = [name for name in sys.modules if name.startswith('contrage.')]\n"
        "assert not any(n.startswith(('contrage.plan', 'contrage.report')) for n in loaded)\n"
    )
    path = [each for each in sys.path if each.endswith("workflow")]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(path), "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.dumps(read_tsv(tmp_path / "p.tsv")["predicted_age"].tolist()) != "[]"
