"""A phantom of files is made as one of region tables is: by the first process, once for all."""

from __future__ import annotations

from pathlib import Path

import pytest
from given import config

from contrage.cohort.phantom.files.kinds import a4, hcp
from contrage.errors import SettingsError
from contrage.plan import phantoms, pretraining

SOURCES = {"hcp": "hcp", "a4": "a4", "rsna": "images", "rhpe": "images"}


def asked(of="hcp", people=8, source=None, **more):
    """Return a configuration; its source is set afterwards, whichever there are."""
    found = config(cohort={"name": of, "phantom_files": {"of": of, "people": people, **more}})
    found["cohort"] |= {"source": source or SOURCES[of], "path": ""}
    return found


def place(*configs, first=True, keeps=True):
    return phantoms.placed(configs, is_first=first, keeps=keeps)


@pytest.fixture(autouse=True)
def made(tmp_path, monkeypatch):
    """Count what is written."""
    monkeypatch.chdir(tmp_path)
    found = []
    for kind in (hcp, a4):
        write = kind.write

        def noted(seed, people, folder, write=write, kind=kind):
            found.append(kind.SOURCE)
            return write(seed, people, folder)

        monkeypatch.setattr(kind, "write", noted)
    return found


def test_a_cohort_lies_where_its_phantom_does_and_it_is_made_once(made):
    (first,) = place(asked())
    (again,) = place(asked())
    assert first["cohort"]["path"] == again["cohort"]["path"] == "results/phantom/hcp/hcp"
    assert len(list(Path("results/phantom/hcp/hcp/series").glob("*.npy"))) == 8
    assert Path("results/phantom/hcp/truth.tsv").is_file() and made == ["hcp"]


def test_a_process_of_a_job_makes_none(made):
    (found,) = place(asked(), first=False)
    assert found["cohort"]["path"] == "results/phantom/hcp/hcp" and made == []


def test_each_owner_has_a_folder_and_another_setting_makes_it_anew(made):
    place(asked(), asked("a4"))
    place(asked(seed=1), asked("a4"))
    assert made == ["hcp", "a4", "hcp"]
    assert {each.name for each in Path("results/phantom").iterdir()} == {"hcp", "a4"}


def test_only_the_code_of_its_own_owner_decides_a_phantom():
    modules = {of: phantoms.phantom_files.made_by({"of": of}) for of in ("hcp", "a4")}
    assert modules["hcp"][0] == modules["a4"][0]
    assert modules["hcp"][1].endswith(".hcp") and modules["a4"][1].endswith(".a4")


def test_a_run_writes_to_its_folder_too():
    assert "results/phantom/hands" in pretraining.folders([asked("rsna", name="hands")])


def test_whose_data_are_made_needs_no_path():
    assert phantoms.is_made(asked()["cohort"])
    assert not phantoms.is_made(config()["cohort"]) and not phantoms.is_made({"name": "x"})


@pytest.mark.parametrize(
    ("configs", "told"),
    [
        ([asked("rsna", source="hcp")],
         r"^cohort\.phantom_files\.of: rsna is read by cohort\.source: images, which is hcp here"),
        ([asked(seed=1), asked(seed=2)],
         r"^cohort\.phantom_files\.seed: 1 and 2 in phantoms of the name hcp"),
        ([asked(name="x"), asked("a4", name="x")],
         r"^cohort\.phantom_files\.of: hcp and a4 in phantoms of the name x"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_key(configs, told):
    with pytest.raises(SettingsError, match=told):
        place(*configs)


def test_data_are_one_phantom_or_lie_somewhere():
    both = asked()
    both["cohort"]["phantom_tables"] = {"name": "x", "parts": {}}
    with pytest.raises(SettingsError, match=r"^cohort\.phantom_tables: cohort\.phantom_files is"):
        place(both)
    there = asked()
    there["cohort"]["path"] = "/data/hcp"
    with pytest.raises(SettingsError, match=r"^cohort\.path: /data/hcp, but cohort\.phantom_files"):
        place(there)


def test_two_kinds_of_phantoms_do_not_share_a_name():
    tables = config(cohort={"phantom_tables": {"name": "x"}})
    tables["cohort"] |= {"source": "loni", "path": ""}
    with pytest.raises(SettingsError, match=r"^cohort\.phantom_files\.name: x is that of cohort"):
        place(tables, asked(name="x"))
