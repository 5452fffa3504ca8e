"""The figures: which are made of what, and what they compute."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
import synthetic
from matplotlib.colors import to_hex
from PIL import Image
from targets import AGE

from contrage.errors import SettingsError
from contrage.evaluation.predictions import read
from contrage.files import read_json, read_npz
from contrage.layout import Results
from contrage.report.elements import cohort, outcome
from contrage.report.elements.cohort import by_participant
from contrage.report.elements.embedding import (
    embedding,
    flatten,
    flatten_by_umap,
    neighbour_gap,
)
from contrage.report.elements.imaging import POINT, planes
from contrage.report.elements.ingredients import gather
from contrage.report.elements.outcome import seed_errors
from contrage.report.strips import strips
from contrage.report.style import GREY, INK, NO_SITE, loss_colours, loss_name, study_colours
from contrage.settings.steps.report import FiguresStep
from contrage.tables import read_tsv, write_tsv

ALL = [
    "mae",
    "norms",
    "ranks",
    "predicted_vs_true",
    "bland_altman",
    "training_curves",
    "embedding",
    "age_histogram",
    "maps",
    "preprocessing",
    "coverage",
    "coverage_examples",
    "quality",
    "truth",
]


def listed(report) -> list[str]:
    return [entry["name"] for entry in read_json(report.path("figures", "figures.json"))]


def test_every_figure_is_listed_in_order_and_written_as_png_and_svg(whole) -> None:
    assert listed(whole) == ALL
    for entry in read_json(whole.path("figures", "figures.json")):
        with Image.open(whole.path("figures", entry["file"])) as picture:
            assert picture.size == (entry["width"], entry["height"])
        assert whole.path("figures", f"{entry['name']}.svg").read_text().startswith("<?xml")
        assert entry["title"] and entry["caption"] and entry["alt"]


def test_figures_whose_ingredients_are_missing_are_not_made(bare) -> None:
    scans = read_tsv(bare.path("dataset", "scans.tsv"))
    missing = ["site", "coverage", "overlap", "correlation", "flagged", "flag_reason"]
    write_tsv(bare.path("dataset", "scans.tsv"), scans.drop(columns=missing))
    bare.make_tables()
    bare.make_figures(drawn=False)
    assert listed(bare) == [
        *("mae", "ranks", "predicted_vs_true", "bland_altman", "training_curves", "age_histogram")
    ]


def test_without_results_only_the_cohort_is_drawn(bare) -> None:
    for folder in ("predictions", "training"):
        bare.path(folder).rename(bare.path(f"no-{folder}"))
    bare.make_figures(drawn=False)
    assert listed(bare) == ["age_histogram", "coverage", "quality"]


def test_maps_without_anatomical_image_are_drawn_alone(tmp_path, bare) -> None:
    scans = read_tsv(bare.path("dataset", "scans.tsv")).head(3)
    folder = tmp_path / "results" / "derivatives" / "phantom"
    rng = np.random.default_rng(1)
    synthetic.write_derivatives(folder, scans, rng, anatomical=False, truth=False)
    empty = folder / "sub-004" / "mre" / "sub-004_space-MNI152_res-2_desc-preproc_stiffness.nii.gz"
    empty.parent.mkdir(parents=True)
    empty.touch()  # what a scan that failed leaves behind
    bare.make_figures("preprocessing", "coverage_examples", "truth", drawn=False)
    assert {"preprocessing", "coverage_examples"} <= set(listed(bare))
    assert "truth" not in listed(bare)
    captions = {e["name"]: e for e in read_json(bare.path("figures", "figures.json"))}
    assert "anatomical" not in captions["preprocessing"]["caption"]
    assert "3 participants" in captions["preprocessing"]["alt"]


def test_an_anatomical_image_that_the_run_does_not_use_is_not_drawn(tmp_path, bare) -> None:
    scans = read_tsv(bare.path("dataset", "scans.tsv")).head(3)
    folder = tmp_path / "results" / "derivatives" / "phantom"
    rng = np.random.default_rng(1)
    synthetic.write_derivatives(folder, scans, rng, anatomical=True, truth=False)
    drawn = []
    for bare.settings["anatomical"] in ("T1w", None):
        bare.make_figures("preprocessing", drawn=False)
        captions = {e["name"]: e for e in read_json(bare.path("figures", "figures.json"))}
        drawn.append("anatomical images" in captions["preprocessing"]["caption"])
    assert drawn == [True, False]


def test_planes_go_through_the_same_point_however_the_image_is_stored() -> None:
    shape, affine = (23, 27, 25), np.diag([6.0, 6.0, 6.0, 1.0])
    affine[:3, 3] = [-66, -102, -60]
    image = np.zeros(shape, np.float32)
    image[tuple(np.round((np.array(POINT) - affine[:3, 3]) / 6).astype(int))] = 1
    flipped = affine.copy()
    flipped[0, 0], flipped[0, 3] = -6.0, affine[0, 3] + 6 * (shape[0] - 1)
    for one, other in zip(planes(image, affine), planes(image[::-1], flipped), strict=True):
        assert one.sum() == 1
        np.testing.assert_array_equal(one, other)


def test_planes_are_squares_with_the_front_and_the_top_where_they_are_said_to_be() -> None:
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = [-90, -126, -72]
    world = np.indices((46, 55, 46)) * 4 + affine[:3, 3][:, None, None, None]
    x, y, z = world
    sagittal, coronal, axial = planes((z > 20).astype(np.float32), affine)
    assert sagittal.shape == coronal.shape == axial.shape
    assert sagittal[5:12].sum() > 0 and sagittal[-12:].sum() == 0
    sagittal, _, axial = planes((y > 0).astype(np.float32), affine)
    assert sagittal[:, :20].sum() > sagittal[:, -20:].sum()
    assert axial[:20].sum() > axial[-20:].sum()
    _, coronal, axial = planes((x < 0).astype(np.float32), affine)
    assert coronal[:, :20].sum() > coronal[:, -20:].sum()


def test_seed_errors_count_test_rows_only() -> None:
    scans = synthetic.scans_table(np.random.default_rng(0)).head(10)
    frame = synthetic.predictions_table(scans, 5.0, np.random.default_rng(1))
    expected = [abs(r.predicted_age - r.age) for r in frame.itertuples() if r.split == "test"]
    frame = frame.rename(columns={"age": "target", "predicted_age": "predicted"})
    assert seed_errors([frame]) == [pytest.approx(sum(expected) / len(expected))]


@pytest.mark.parametrize("at_once", [1, 20, 10**6])
def test_the_neighbour_gap_is_that_of_the_nearest_training_scans(rng, monkeypatch, at_once) -> None:
    monkeypatch.setattr(f"{neighbour_gap.__module__}.MOST_DISTANCES", at_once)
    features, ages = rng.normal(size=(12, 3)), rng.uniform(20, 80, 12)
    test = np.arange(12) >= 9
    gaps = []
    for i in range(9, 12):
        order = sorted(range(9), key=lambda k: np.linalg.norm(features[i] - features[k]))
        gaps += [abs(ages[i] - ages[k]) for k in order[:5]]
    assert neighbour_gap(features, ages, test) == pytest.approx(np.mean(gaps))
    assert np.isnan(neighbour_gap(features, ages, np.zeros(12, bool)))


def test_the_map_of_features_is_the_same_every_time_and_stands_dead_features(rng) -> None:
    features = rng.normal(size=(15, 4))
    features[:, 2] = 0
    np.testing.assert_array_equal(flatten(features), flatten(features))
    assert np.isfinite(flatten(np.zeros((8, 3)))).all()


def test_losses_keep_their_colour_whichever_are_trained() -> None:
    few, many = loss_colours(["exp"]), loss_colours(["adacon", "exp", "dynlocrep-cosine"])
    assert few["exp"] == many["exp"]
    assert many["dynlocrep-cosine"] == many["dynlocrep"]
    assert len({many[row] for row in ("adacon", "exp", "dynlocrep")}) == 3


def test_names_are_those_a_reader_knows() -> None:
    assert loss_name("rnc") == "Rank-N-Contrast"
    assert loss_name("dynlocrep-cosine") == "DynLocRep (cosine)"
    assert loss_name("my-own") == "my-own"


def test_more_studies_than_colours_are_grey_in_the_end() -> None:
    colours = study_colours([f"site {i:02d}" for i in range(23)] + [None, float("nan")])
    assert len(colours) == 23
    assert len(set(colours.values())) == 8


def snapshots(report, of: dict[int, int], folds: list[int]) -> dict:
    """Draw the features of a training whose file of an epoch is of another; return the entry."""
    scans = read_tsv(report.path("dataset", "scans.tsv"))
    synthetic.write_features(report.results, scans, np.random.default_rng(2))
    folder = report.path("features", "dynlocrep", "seed-0")
    for epoch, true in of.items():
        file = folder / f"fold-0_epoch-{epoch}.npz"
        arrays = read_npz(file)
        np.savez(file, **arrays, epoch=np.array(true))
    report.settings["folds"] = folds
    report.make_figures("embedding", drawn=False)
    return {e["name"]: e for e in read_json(report.path("figures", "figures.json"))}["embedding"]


def test_epochs_that_an_early_stop_cut_off_are_one_panel_called_kept(bare) -> None:
    entry = snapshots(bare, {1: 1, 5: 5, 10: 12, 20: 12}, [0, 1])
    assert entry["alt"].endswith("DynLocRep: epoch 1, epoch 5, kept (epoch 12).")
    assert "later epochs never were" in entry["caption"]
    assert "(DynLocRep; seed 0, first fold)" in entry["caption"], "no mean of all trainings"


def test_a_kept_epoch_that_is_drawn_anyway_is_drawn_once(bare) -> None:
    entry = snapshots(bare, {1: 1, 5: 5, 10: 10, 20: 5}, [0])
    assert entry["alt"].endswith("DynLocRep: epoch 1, kept (epoch 5), epoch 10.")
    assert "(DynLocRep; seed 0)" in entry["caption"]


def test_without_an_early_stop_no_panel_is_called_kept(bare) -> None:
    entry = snapshots(bare, {epoch: epoch for epoch in synthetic.EPOCHS}, [0])
    assert "kept" not in entry["alt"] + entry["caption"]
    assert entry["alt"].endswith("epoch 1, epoch 5, epoch 10, epoch 20.")


@pytest.mark.parametrize("by", ["sex", "site"])
def test_the_feature_space_is_coloured_by_who_people_are_where_it_is_asked_for(
    bare, by, monkeypatch
) -> None:
    scans = read_tsv(bare.path("dataset", "scans.tsv"))
    scans.loc[3, by] = None
    write_tsv(bare.path("dataset", "scans.tsv"), scans)
    synthetic.write_features(bare.results, scans, np.random.default_rng(2))
    bare.settings["embedding_by"] = by
    drawn = canvas(bare, embedding, monkeypatch)
    (legend,) = drawn.legends
    marks = zip(legend.texts, legend.legend_handles, strict=True)
    named = {text.get_text(): mark.get_color() for text, mark in marks}
    groups = set(scans[by].dropna())
    assert set(named) == {"train scans", "test scans", "not told", *groups}
    panels = [axes for axes in drawn.axes if axes.collections]
    assert len(drawn.axes) == len(panels), "no bar of colours, which is of a number"
    shown = panels[0].collections[0].get_facecolor()
    counts = pd.Series([to_hex(colour) for colour in shown]).value_counts()
    role = read_tsv(bare.path("predictions", "dynlocrep", "seed-0.tsv")).drop_duplicates("scan_id")
    told = scans.set_index("scan_id").loc[role["scan_id"], by].fillna("not told")
    assert counts.to_dict() == {
        to_hex(named[name]): n for name, n in told.value_counts().to_dict().items()
    }


def test_the_range_in_the_figure_of_ages_is_that_of_all_scans(bare) -> None:
    scans = read_tsv(bare.path("dataset", "scans.tsv"))
    later = scans.nlargest(3, "age").assign(session="2", age=lambda frame: frame["age"] + 4)
    oldest = later["age"].max()
    write_tsv(bare.path("dataset", "scans.tsv"), pd.concat([later, scans]))
    bare.make_figures("histogram", drawn=False)
    entry = {e["name"]: e for e in read_json(bare.path("figures", "figures.json"))}["age_histogram"]
    assert "60 participants by age at their first scan" in entry["caption"]
    assert entry["alt"].endswith(f"all scans: {scans['age'].min():.0f} to {oldest:.0f} years.")
    first = by_participant(pd.concat([later, scans]), "age", "min")
    assert first["age"].max() == scans["age"].max()


def test_who_was_scanned_in_two_studies_counts_in_each_with_the_scans_there() -> None:
    scans = pd.DataFrame(
        [["a", "A", 0.9], ["a", "B", 0.5], ["a", "B", 0.7], ["b", "B", 0.8], ["c", None, 0.4]],
        columns=["participant_id", "site", "coverage"],
    )
    found = by_participant(scans, "coverage", within=("site",))
    assert found[["participant_id", "site"]].fillna("-").agg("".join, axis=1).tolist() == [
        *("aA", "aB", "bB", "c-"),
    ]
    assert found["coverage"].tolist() == pytest.approx([0.9, 0.6, 0.8, 0.4])


def test_coverage_counts_participants_not_their_scans() -> None:
    scans = pd.DataFrame(
        {
            "participant_id": ["a", "a", "a", "b", "c"],
            "coverage": [0.5, 0.9, 0.8, 0.7, np.nan],
        }
    )
    people = by_participant(scans, "coverage").set_index("participant_id")
    assert people["coverage"].to_dict() == {"a": 0.8, "b": 0.7}


def canvas(report, draw, monkeypatch):
    """Return what a function draws, in place of its entry for the page."""
    monkeypatch.setattr(f"{draw.__module__}.save", lambda canvas, *_: canvas)
    scans = report.path("dataset", "scans.tsv")
    given = gather(
        report.asked(FiguresStep),
        scans,
        report.derivatives,
        report.root,
        tables=report.tables(),
        predictions=report.files(Results.predictions),
        curves=str(report.path(Results.curve)),
        snapshots=report.snapshots(),
    )
    return draw(given)


def test_the_same_results_give_the_same_bytes(bare) -> None:
    bare.make_tables()
    bare.make_figures()
    made = {file.name: file.read_bytes() for file in bare.path("figures").iterdir()}
    bare.make_figures()
    assert {"coverage.png", "coverage.svg", "mae.svg", "quality.png"} <= set(made)
    for name, content in made.items():
        assert bare.path("figures", name).read_bytes() == content, name


def test_intervals_seeds_and_means_are_those_of_the_tables(bare, monkeypatch) -> None:
    bare.make_tables()
    table = read_tsv(bare.path("tables", "mae.tsv")).sort_values("mae_mean")
    table["ci_low"], table["ci_high"] = [1.5, 2.5], [51.25, 52.25]
    write_tsv(bare.path("tables", "mae.tsv"), table)
    (axes,) = canvas(bare, outcome.mae, monkeypatch).axes
    *dots, bars = axes.collections
    assert axes.get_xlim()[0] <= 1.5 and axes.get_xlim()[1] > 52.25, "whole intervals are seen"
    np.testing.assert_array_equal(
        [segment[:, 0] for segment in bars.get_segments()], [[1.5, 51.25], [2.5, 52.25]]
    )
    drawn = [np.sort(each.get_offsets()[:, 0]) for each in dots]
    seeds = [read_seeds(bare, row) for row in table["loss"]]
    assert len(drawn) == 4
    for found, expected in zip(drawn, [*seeds, *table[["mae_mean"]].to_numpy()], strict=True):
        np.testing.assert_allclose(found, np.sort(expected))
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        loss_name(row) for row in table["loss"]
    ]


def read_seeds(report, row: str) -> list[float]:
    files = sorted(report.path("predictions", row).glob("*.tsv"))
    return seed_errors([read(file, AGE) for file in files])


@pytest.mark.parametrize("number", [3, 23])
def test_many_sites_are_one_colour_without_a_legend(bare, monkeypatch, number) -> None:
    scans = read_tsv(bare.path("dataset", "scans.tsv"))
    names = [f"site {place % number:02d}" for place in range(len(scans))]
    scans["site"] = [None, *names[1:]]
    write_tsv(bare.path("dataset", "scans.tsv"), scans)
    drawn = canvas(bare, cohort.quality, monkeypatch).axes[0]
    shown = [text.get_text() for text in drawn.get_legend().get_texts()]
    assert (NO_SITE in shown) == (number == 3)
    assert len(shown) == (6 if number == 3 else 2), "sites, flagged, limit"
    assert len({tuple(c) for c in drawn.collections[0].get_facecolors()}) == (
        4 if number == 3 else 1
    )


def test_people_without_a_site_are_drawn_beside_those_of_sites(bare, monkeypatch) -> None:
    bare.make_tables()
    for file in bare.path("predictions").rglob("*.tsv"):
        frame = read_tsv(file)
        frame["site"] = frame["site"].where(frame["participant_id"] > "sub-030", None)
        write_tsv(file, frame)
    panel, *_ = canvas(bare, outcome.predicted_vs_true, monkeypatch).axes
    assert len(panel.collections[0].get_offsets()) == (frame["split"] == "test").sum()


def test_a_group_has_a_box_from_five_on_and_its_rows_in_the_order_of_its_dots(rng) -> None:
    from matplotlib.figure import Figure

    data = pd.DataFrame({"group": ["many"] * 7 + ["few"] * 4, "x": rng.normal(size=11)})
    axes = Figure().subplots()
    drawn = strips(axes, data, "x", {"few": INK, "many": GREY, "none": INK})
    assert [len(part) for _, part in drawn] == [4, 7, 0]
    for dots, part in drawn:
        np.testing.assert_array_equal(dots.get_offsets()[:, 0], part["x"])
    (box,) = axes.patches
    quartiles = np.percentile(data["x"][:7], [25, 75])
    ends = box.get_path().vertices[:, 0]
    np.testing.assert_allclose([ends.min(), ends.max()], quartiles)


def test_of_too_many_dots_only_those_outside_the_whiskers_are_drawn() -> None:
    from matplotlib.figure import Figure

    data = pd.DataFrame({"group": "all", "x": [*np.arange(9.0), 30.0]})
    ((dots, part),) = strips(Figure().subplots(), data, "x", {"all": INK}, most=9)
    assert list(part["x"]) == [30.0] and len(dots.get_offsets()) == 1


def test_a_umap_is_the_same_every_time_and_keeps_clouds_apart(rng) -> None:
    features = np.concatenate([rng.normal(size=(20, 5)), rng.normal(12, 1, size=(20, 5))])
    found = flatten_by_umap(features)
    np.testing.assert_array_equal(found, flatten_by_umap(features))
    one, other = found[:20], found[20:]
    middle = np.linalg.norm(one.mean(0) - other.mean(0))
    assert middle > 2 * np.linalg.norm(one - one.mean(0), axis=1).mean()
    assert np.isfinite(flatten_by_umap(rng.normal(size=(6, 4)))).all()


def test_umap_is_named_where_it_is_asked_for(bare, monkeypatch) -> None:
    bare.settings["embedding_by"] = "target"
    bare.config["report"]["embedding_method"] = "umap"
    monkeypatch.setattr("contrage.report.elements.embedding.flatten_by_umap", lambda f: f[:, :2])
    entry = snapshots(bare, {}, [0])
    assert entry["caption"].startswith("UMAP of the encoder's features")
    assert entry["alt"].startswith("UMAP of features") and "t-SNE" not in str(entry)


def test_without_its_package_umap_is_refused_in_words(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(SettingsError, match=r"report\.embedding_method: .*contrage\[umap\]"):
        flatten_by_umap(np.zeros((5, 2)))
