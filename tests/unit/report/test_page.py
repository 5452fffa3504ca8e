"""The HTML page: complete, self-contained, and saying what the tables say."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import synthetic

from contrage.files import read_json, write_json
from contrage.learning.encoders import NAMES
from contrage.report.findings import ENCODERS
from contrage.report.text import duration, number, p_value, plus_minus, without_folders
from contrage.report.viewer import NIIVUE
from contrage.tables import read_tsv, write_tsv

VOID = {"meta", "link", "img", "br", "hr"}


class Page(HTMLParser):
    """Collects tables, images and links, and checks that tags are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.images: list[dict] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.text = ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        self.links += [given[key] for key in ("src", "href") if key in given]
        if tag == "img":
            self.images.append(given)
        if tag == "table":
            self.rows = self.tables.setdefault(given["id"], [])
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        if not {"style", "script"} & set(self.open):
            self.text += data
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def parsed(whole) -> Page:
    return Page(whole.html)


def test_every_figure_is_embedded_with_a_description(whole, parsed) -> None:
    entries = read_json(whole.path("figures", "figures.json"))
    assert len(parsed.images) == len(entries)
    assert {image["alt"] for image in parsed.images} == {entry["alt"] for entry in entries}
    assert all(image["src"].startswith("data:image/png;base64,") for image in parsed.images)


def test_every_table_is_on_the_page(parsed) -> None:
    names = "mae norms penalties networks cohort control quality truth flagged excluded runtimes"
    names += " versions"
    assert set(parsed.tables) == {f"table-{name}" for name in names.split()}


def test_the_page_needs_nothing_from_outside(whole, parsed) -> None:
    elsewhere = {link for link in parsed.links if not link.startswith(("#", "data:"))}
    assert elsewhere == {"../derivatives/phantom/quality.html"}  # a link, not a part of the page
    own = whole.html.replace(NIIVUE.read_text(encoding="utf-8"), "")  # which names its licences
    assert not re.search(r"https?://|@import|url\(|<script[^>]*src", own)


def test_every_link_leads_to_a_place_that_is_there_once(parsed) -> None:
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)


def test_no_folder_of_this_machine_is_on_the_page(whole, parsed) -> None:
    assert str(whole.root) not in whole.html
    assert not re.search(r"(?<![\w.])/(?:home|tmp|root|work|Users)/", parsed.text)


def test_the_errors_on_the_page_are_those_of_the_table(whole, parsed) -> None:
    table = read_tsv(whole.path("tables", "mae.tsv")).sort_values("mae_mean")
    shown = parsed.tables["table-mae"][1:]
    for row, line in zip(table.itertuples(), shown, strict=False):
        assert line[1] == f"{row.mae_mean:.2f} ± {row.mae_sd:.2f}"
        assert line[2] == f"{row.ci_low:.2f} to {row.ci_high:.2f}"
        wanted = row.rmse_mean, row.gm, row.r2_mean, row.r_mean
        assert line[3:7] == [f"{v:.2f}" for v in wanted]
        assert row.gm <= row.mae_mean <= row.rmse_mean
    baselines = read_tsv(whole.path("tables", "baselines.tsv"))
    assert [line[1].split(" ")[0] for line in shown[len(table) :]] == [
        f"{value:.2f}" for value in baselines["mae_mean"]
    ]


def test_the_cohort_on_the_page_is_that_of_the_table(whole, parsed) -> None:
    table = read_tsv(whole.path("tables", "cohort.tsv"))
    for row, line in zip(table.itertuples(), parsed.tables["table-cohort"][1:], strict=True):
        assert line[:3] == [row.site, str(row.n_participants), str(row.n_scans)]
        assert line[3] == f"{row.age_mean:.1f} ± {row.age_sd:.1f}"
        assert line[5] == f"{row.n_female} : {row.n_male}"


def test_what_was_left_out_and_why_is_told(parsed) -> None:
    assert parsed.tables["table-excluded"][1] == [
        "check", "all voxels are zero: export the map again", "1 scan",
    ]  # fmt: skip
    assert "One further scan was left out." in parsed.text


def test_the_size_of_the_networks_is_told(parsed) -> None:
    assert (
        "A small 3D convolutional encoder (0.161 million parameters, head 128-64-32) learned"
        in parsed.text
    )
    shown = {line[0]: line[1:] for line in parsed.tables["table-networks"][1:]}
    assert len(shown) == len(synthetic.LOSSES)
    assert shown["Exponential"] == ["161\u202f064", "128-64-32", "10\u202f336"]
    assert shown["L1 regression"] == ["161\u202f064", "128-64-1", "8\u202f321"]


@pytest.mark.parametrize(
    ("encoder", "shape", "head", "layers", "told"),
    [
        ("resnet18", [91, 109, 91], [512, 128], [512, 512, 128], "3D ResNet-18 (33.2 million "
         "parameters, head 512-512-128)"),
        ("sfcn", [91, 109], [], [64], "2D Simple Fully Convolutional Network (SFCN) (33.2 million "
         "parameters, no head)"),
        ("mlp", [200], [32], [128, 32], "multilayer perceptron (33.2 million parameters, "
         "head 128-32)"),
    ],
)  # fmt: skip
def test_the_paragraph_names_encoder_and_head(bare, encoder, shape, head, layers, told) -> None:
    size = {"encoder_parameters": 33_160_896, "head_parameters": 5}
    for row in bare.settings["rows"]:
        metrics = size | {"layers": layers, "shape": shape} | synthetic.penalties(3.0, 1)
        write_json(bare.path("metrics", row, "seed-0.json"), metrics)
    bare.config["training"] |= {"encoder": encoder, "head": head}
    bare.make_tables()
    bare.make_page()
    page = Page(bare.html)
    assert f"A {told} learned from the stiffness maps" in page.text
    assert page.tables["table-networks"][1][2] == ("-".join(map(str, layers)) if head else "none")


def test_every_encoder_has_its_words() -> None:
    assert set(ENCODERS) == set(NAMES)


def test_experiments_of_before_sizes_were_written_are_still_reported(bare) -> None:
    for path in bare.path("metrics").rglob("*.json"):
        write_json(path, {"mae": 3.0} | synthetic.penalties(3.0, 1))
    bare.make_tables()
    bare.make_page()
    page = Page(bare.html)
    assert "A small 3D convolutional encoder learned" in page.text
    assert "table-networks" not in page.tables


def test_a_phantom_is_called_one(parsed) -> None:
    assert "This cohort is a digital phantom" in parsed.text


def test_the_paragraph_says_when_the_best_loss_is_not_clearly_the_best(parsed) -> None:
    assert "cannot be told apart from the second" in parsed.text
    assert "The best loss is not clearly the best" in parsed.text
    assert "The test set is small" in parsed.text


def test_without_ablation_images_and_snapshots_the_page_leaves_them_out(bare) -> None:
    bare.make_tables()
    bare.make_figures(drawn=False)
    bare.make_page()
    page = Page(bare.html)
    assert "table-norms" not in page.tables and "norms" not in page.ids
    assert "figure-preprocessing" not in page.ids
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_nothing_left_out_is_said_so(bare) -> None:
    empty = pd.DataFrame(columns=["scan_id", "participant_id", "stage", "reason"])
    write_tsv(bare.path("dataset", "excluded.tsv"), empty)
    bare.make_tables()
    bare.make_page()
    assert "No scan was left out." in Page(bare.html).text


def test_names_cannot_break_the_page(bare) -> None:
    scans = read_tsv(bare.path("dataset", "scans.tsv"))
    scans["site"] = "<b>A & B</b>"
    scans.loc[0, ["flagged", "flag_reason"]] = [True, "<script>alert(1)</script>"]
    write_tsv(bare.path("dataset", "scans.tsv"), scans)
    bare.config.update(experiment="<i>mine</i>", description="a </p> b")
    bare.config["cohort"]["name"] = "</pre><script>"
    bare.make_tables()
    bare.make_page()
    page = Page(bare.html)
    assert page.tables["table-cohort"][1][0] == "<b>A & B</b>"
    assert "<script" not in bare.html and "<i>mine" not in bare.html


def test_a_single_seed_has_no_spread(bare) -> None:
    bare.settings["seeds"] = [0]
    bare.make_tables()
    bare.make_figures(drawn=False)
    bare.make_page()
    page = Page(bare.html)
    assert page.tables["table-mae"][1][1].endswith("± n/a")
    assert "One seed only" in page.text
    assert "nan" not in page.text.lower().split()


def test_cross_validation_tests_everyone_once(tmp_path, bare) -> None:
    rng = np.random.default_rng(3)
    scans = read_tsv(bare.path("dataset", "scans.tsv"))
    for seed in synthetic.SEEDS:
        for row in bare.settings["rows"]:
            frame = synthetic.predictions_table(scans, 4.0, rng, folds=5)
            write_tsv(bare.path("predictions", row, f"seed-{seed}.tsv"), frame)
        baseline = synthetic.baseline_frame(scans, rng, 5)
        write_tsv(bare.path("baselines", f"seed-{seed}.tsv"), baseline)
    bare.config["dataset"]["split"] |= {"scheme": "kfold", "folds": 5}
    bare.make_tables()
    bare.make_figures(drawn=False)
    bare.make_page()
    page = Page(bare.html)
    assert "60 participants, each tested once in 5-fold cross-validation" in page.text
    assert "The test set is small" not in page.text


def rewrite(report, row: str, error: float) -> None:
    """Let a row's predictions be off by `error` years, to either side in turn."""
    for seed in synthetic.SEEDS:
        path = report.path("predictions", row, f"seed-{seed}.tsv")
        frame = read_tsv(path)
        frame["predicted_age"] = frame["age"] + error * (-1.0) ** np.arange(len(frame))
        write_tsv(path, frame)


def test_a_loss_worse_than_the_mean_is_pointed_out(bare) -> None:
    rewrite(bare, "exp", 40.0)
    bare.make_tables()
    bare.make_page()
    text = Page(bare.html).text
    assert "Worse than predicting the mean" in text
    assert "Exponential: no better than" in text


def test_a_loss_that_is_clearly_best_is_not_called_doubtful(bare) -> None:
    rewrite(bare, "exp", 12.0)
    rewrite(bare, "dynlocrep", 1.0)
    bare.make_tables()
    bare.make_page()
    text = Page(bare.html).text
    assert "It is clear of the second, Exponential" in text
    assert "not clearly the best" not in text


@pytest.mark.parametrize(
    ("baseline", "title"),
    [
        ("ridge-coverage", "Coverage alone predicts age nearly as well"),
        ("site-mean", "Knowing the study predicts age nearly as well"),
        ("ridge-blocks", "A simple baseline does as well"),
    ],
)
def test_a_shortcut_as_good_as_the_encoders_is_pointed_out(bare, baseline, title) -> None:
    bare.make_tables()
    bare.make_page()
    assert title not in Page(bare.html).text
    table = read_tsv(bare.path("tables", "baselines.tsv")).astype({"mae_mean": float})
    table.loc[table["baseline"] == baseline, "mae_mean"] = 3.0
    write_tsv(bare.path("tables", "baselines.tsv"), table)
    bare.make_page()
    assert title in Page(bare.html).text


def test_a_training_loss_that_is_no_number_is_pointed_out(bare) -> None:
    path = bare.path("training", "exp", "seed-0", "fold-0", "curve.tsv")
    curve = read_tsv(path).astype({"loss": float})
    curve.loc[3, "loss"] = np.nan
    write_tsv(path, curve)
    bare.make_tables()
    bare.make_page()
    assert "The training loss of Exponential was not a finite number" in Page(bare.html).text


def test_choices_that_change_the_data_are_pointed_out(bare) -> None:
    bare.config["dataset"]["normalisation"] = "cohort"
    bare.config["preprocessing"]["bias_correction"]["target"] = "both"
    bare.make_tables()
    bare.make_page()
    text = Page(bare.html).text
    assert "Normalised over the whole cohort" in text
    assert "The maps were bias-corrected" in text


def test_absolute_paths_are_shortened_to_the_last_name(bare) -> None:
    bare.config["cohort"]["path"] = "/data/secret place/MRE134"
    reason = "/data/secret/sub-1.nii.gz: truncated"
    lost = {"scan_id": ["sub-1"], "participant_id": ["sub-1"], "stage": ["check"]}
    write_tsv(bare.path("dataset", "excluded.tsv"), pd.DataFrame(lost | {"reason": [reason]}))
    bare.make_tables()
    bare.make_page()
    assert "secret" not in bare.html
    assert "a file: truncated" in Page(bare.html).text, "an owner's id may stand in its name"
    bare.config["report"]["show_ids"] = True
    bare.make_page()
    assert "secret" not in bare.html and "…/sub-1.nii.gz: truncated" in Page(bare.html).text


def test_a_picture_list_without_files_would_be_noticed(bare) -> None:
    bare.make_tables()
    write_json(bare.path("figures", "figures.json"), [{"name": "mae", "file": "mae.png"}])
    with pytest.raises(FileNotFoundError):
        bare.make_page()


def test_numbers_are_printed_for_readers() -> None:
    assert number(-0.254) == "\u22120.25"
    assert number(-0.001) == "0.00"
    assert number(float("nan")) == "n/a"
    assert number(12345, 0) == "12\u202f345"
    assert plus_minus(3.0, None) == "3.00 ± n/a"
    assert p_value(0.0002) == "< 0.001"
    assert [duration(s) for s in (8.14, 185, 7620, None)] == [
        "8.1 s", "3 min 05 s", "2 h 07 min", "n/a",
    ]  # fmt: skip


def test_only_absolute_paths_are_shortened() -> None:
    assert without_folders("results/a/b.tsv and 3/4, km/h") == "results/a/b.tsv and 3/4, km/h"
    assert without_folders({"a": ["/x/y/z.nii", 3]}) == {"a": ["…/z.nii", 3]}
