"""Words that must not stand on the page of a study to which they do not apply."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

import pytest
from test_page import Page
from variants import Choice, make, write

from contrage.files import read_json
from contrage.modalities import load as kind_of

STUDIES = {
    "maps": Choice(n4="none"),
    "maps, N4 on them": Choice(n4="both", seeds=(0,)),
    "maps, folds, early stop": Choice(scheme="kfold", stopped=True),
    "maps, sites left out": Choice(scheme="leave-site-out", seeds=(0,)),
    "maps, early stop": Choice(stopped=True, seeds=(0,), pretrained=True),
    "phantom": Choice(phantom=True),
    "damping ratio": Choice(image="dampingratio", n4="map"),
    "T1": Choice(image="T1w", n4="both"),
    "T1, damping ratio beside it": Choice(image="T1w", n4="both", maps=("dampingratio",)),
    "VBM arrays": Choice(image="vbm", n4="both", scheme="leave-site-out"),
    "quasi-raw arrays": Choice(image="quasiraw", n4="map", scheme="kfold", stopped=True),
    "table": Choice(image="table", n4="both", scheme="kfold"),
    "table, sites left out": Choice(image="table", scheme="leave-site-out", seeds=(0,)),
}


def has_maps(choice: Choice) -> bool:
    """Return whether maps of elastography are among the images."""
    return bool({"stiffness", "dampingratio"} & {choice.image, *choice.maps})


IMAGING = ["quality page", "preproc", "regist", "skull", "template", "Dice", "flagged", "N4", "MNI"]
# What it is, for which studies it is not so, and what may not stand on their pages then.
FORBIDDEN: dict[str, tuple[Callable[[Choice], bool], list[str]]] = {
    "preprocessing": (lambda c: not c.has_scans, IMAGING),
    "images": (
        lambda c: c.image == "table",
        [
            "stiffness",
            "coverage",
            "block means",
            r" mm\b",
            "voxel",
            r"\bimages?\b",
            "T1",
            "brain m",
        ],
    ),
    "stiffness": (lambda c: "stiffness" not in (c.image, *c.maps), ["stiffness", "kPa"]),
    "damping": (lambda c: "dampingratio" not in (c.image, *c.maps), ["damping"]),
    "maps": (lambda c: c.image in ("T1w", "quasiraw") and not c.maps, [r"\b[Mm]aps\b(?! the enc)"]),
    "a phantom": (lambda c: not c.phantom, ["phantom", "generated", "truth"]),
    "N4 on maps": (
        lambda c: c.n4 not in ("map", "both") or not c.has_scans or not has_maps(c),
        ["bias-corrected", "N4"],
    ),
    "a held-out part": (
        lambda c: c.scheme != "holdout",
        ["held out from training", "would test every", "test set is small", "in the test set"],
    ),
    "folds": (lambda c: c.scheme != "kfold", ["each tested once", "-fold cross-validation;"]),
    "folds of curves": (lambda c: c.scheme == "holdout", ["and fold", "first fold"]),
    "folds of measures": (
        lambda c: c.scheme == "holdout",
        ["within folds", r"each fold\b", "fold by"],
    ),
    "a null": (lambda c: True, ["permuted", "with nothing to learn"]),  # none of these has one
    "unseen people": (lambda c: True, ["second encoder", "had not seen"]),
    "sites left out": (
        lambda c: c.scheme != "leave-site-out",
        ["each by a model", "No model has seen"],
    ),
    "an early stop": (
        lambda c: not c.stopped,
        ["[Ss]topped early", r"\bkept\b[ :]*\(?epoch", "up to 2"],
    ),
    "all epochs": (lambda c: c.stopped, [r"(?<!up to )\b20 epochs", r"\bepoch 20"]),
    "several seeds": (
        lambda c: len(c.seeds) == 1,
        ["over training seeds; ticks", "over seeds; vertical", "one of the seeds"],
    ),
    "one seed": (lambda c: len(c.seeds) > 1, ["One seed only", "trained once", "the one "]),
    "pre-training": (lambda c: not c.pretrained, ["[Pp]re-train"]),
    "sites": (lambda c: kind_of(c.image).group == "study", [r"\b[Ss]ites?\b"]),
    "studies": (lambda c: kind_of(c.image).group == "site", [r"\b([Ss]tudy|[Ss]tudies)\b"]),
}


@pytest.fixture(scope="module")
def words_of(tmp_path_factory) -> Callable[[str], str]:
    """Return what a reader reads of a study: no configuration, names of files or of keys."""

    @functools.cache
    def words(name: str) -> str:
        html = make(write(tmp_path_factory.mktemp("study"), STUDIES[name]))
        html = re.sub(r"<details>.*?</details>", "", html, flags=re.DOTALL)
        page = Page(html)
        alts = " ".join(image["alt"] for image in page.images)
        text = re.sub(r"\S+/\S+|\b[a-z_]+\.[a-z_.]+(: [a-z-]+)?|leave-site-out", "", page.text)
        return re.sub(r"\s+", " ", f"{text} {alts}")

    return words


@pytest.mark.parametrize("about", FORBIDDEN)
@pytest.mark.parametrize("name", STUDIES)
def test_no_page_speaks_of_what_was_not(words_of, name, about) -> None:
    does_not_apply, forbidden = FORBIDDEN[about]
    if not does_not_apply(STUDIES[name]):
        return
    text = words_of(name)
    found = [
        text[max(0, m.start() - 60) : m.end() + 40] for w in forbidden for m in re.finditer(w, text)
    ]
    assert found == []


TOLD = {
    "maps": ["learned from the stiffness maps", "(4 of 5 studies; without Hiscox 2020b)",
             "from five studies", "Predict the study's mean", "Maps by coverage"],
    "maps, N4 on them": ["The maps were bias-corrected", "N4 was applied to the stiffness maps",
                         "Dot: the one training seed", "would test every participant"],
    "maps, folds, early stop": ["for up to 20 epochs, stopped early (kept: median 10, range 9",
                                "60 participants, each tested once in 5-fold cross-validation",
                                "kept (epoch 12)", "(DynLocRep; seed 0, first fold)"],
    "maps, sites left out": ["each by a model that had seen no scan of the same study"],
    "maps, early stop": ["Pre-training", "kept (epoch 12)", "One seed only"],
    "phantom": ["This cohort is a digital phantom", "Against the truth"],
    "damping ratio": ["from maps of the damping ratio", "N4 was applied to the maps of the damp"],
    "T1": ["T1-weighted images", "the image has values", "Images by coverage"],
    "T1, damping ratio beside it": ["N4 was applied to the maps of the damping ratio"],
    "VBM arrays": ["grey-matter maps (VBM)", "from five sites", "Predict the site's mean"],
    "quasi-raw arrays": ["quasi-raw T1 images", "stopped early"],
    "table": ["Ridge on the raw features", "from five sites", "Predict the site's mean"],
    "table, sites left out": ["each by a model that had seen no scan of the same site"],
}  # fmt: skip


def test_maps_of_the_damping_ratio_have_a_colour_scale_of_their_own(tmp_path) -> None:
    report = write(tmp_path, STUDIES["damping ratio"])
    report.make_tables()
    report.make_figures("preprocessing", "coverage_examples")
    entries = read_json(report.path("figures", "figures.json"))
    captions = {entry["name"]: entry["caption"] for entry in entries}
    for name in ("preprocessing", "coverage_examples"):
        drawn = report.path("figures", f"{name}.svg").read_text(encoding="utf-8")
        assert "<!-- damping ratio -->" in drawn and "[kPa]" not in drawn
        assert "<!-- 0.30 -->" in drawn, "the scale ends where the values do"
        assert "maps of the damping ratio" in captions[name]


@pytest.mark.parametrize("name", STUDIES)
def test_every_page_says_what_was(words_of, name) -> None:
    text = words_of(name)
    assert [said for said in TOLD[name] if said not in text] == []
