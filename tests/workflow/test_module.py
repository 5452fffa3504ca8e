"""Another workflow takes this one as a module, from an empty folder of its own."""

from __future__ import annotations

import copy
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from small_study import Workflow, checkout
from test_table import CONFIG, write_table

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("module")]

# A workflow that has rules of its own beside those of the module.
CALLER = """
from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


module contrage:
    snakefile:
        {snakefile}
    config:
        config


use rule * from contrage as contrage_*


rule all:
    default_target: True
    input:
        rules.contrage_all.input,
        "seen.txt",


rule own:
    output:
        "seen.txt",
    params:
        settings="{{}}",
    shell:
        "echo $PYTHONPATH > {{output}}"
"""


# As `snakedeploy deploy-workflow` (0.17.1) writes it, but for the address: a repository that lies
# here instead of github("<owner>/contrage", path="workflow/Snakefile", tag="<version>").
SNAKEDEPLOY = """from snakemake.utils import min_version


min_version("6.10.0")


configfile: "config/config.yaml"


# declare https://… as a module
module contrage:
    snakefile: 
        {snakefile}
    config:
        config


# use all rules from https://…
use rule * from contrage
"""

FROM_PATH = '"{folder}/workflow/Snakefile"'
FROM_REPOSITORY = 'gitfile("{folder}", path="workflow/Snakefile", ref="main")'


def deployed(
    root: Path, folder: Path, config: dict, address: str = FROM_PATH, caller: str = CALLER
) -> Workflow:
    """A folder that holds a workflow of its own and a configuration, and beside it a checkout."""
    here = checkout(root, folder / "elsewhere")
    own = folder / "mine"
    for name, text in {
        "workflow/Snakefile": caller.format(snakefile=address.format(folder=here.folder)),
        "config/config.yaml": yaml.safe_dump(config),
    }.items():
        (own / name).parent.mkdir(parents=True)
        (own / name).write_text(text)
    return Workflow(own)


@pytest.fixture(scope="module")
def of_table(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    config = copy.deepcopy(CONFIG)
    own = deployed(root, tmp_path_factory.mktemp("module"), config)
    write_table(own.folder / "regions.csv")
    return own


def test_the_demo_is_planned_from_an_empty_folder_with_defaults_alone(root, tmp_path):
    own = deployed(root, tmp_path, {"experiment": "mine"})
    before = sorted(file.name for file in own.folder.iterdir())
    done = own.run("--dry-run", config="config/config.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    planned = dict(re.findall(r"^contrage_(\w+) +(\d+)$", done.stdout + done.stderr, re.M))
    assert planned["train"] == "44" and planned["pretraining_train"] == "1"
    assert sorted(file.name for file in own.folder.iterdir() if file.name[0] != ".") == before


def test_what_snakedeploy_writes_plans_it_where_the_package_is_installed(root, tmp_path):
    own = deployed(root, tmp_path, {"experiment": "mine"}, FROM_REPOSITORY, SNAKEDEPLOY)
    for command in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "all"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path / "elsewhere", check=True)
    done = own.run("--dry-run", config="config/config.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^pretraining_train +1$", done.stdout + done.stderr, re.M)
    assert re.search(r"^train +44$", done.stdout + done.stderr, re.M)


def test_a_mistake_in_the_callers_configuration_is_one_sentence(root, tmp_path):
    own = deployed(root, tmp_path, {"training": {"epochs": "many"}})
    done = own.run("--dry-run", config="config/config.yaml")
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "training.epochs" in said and "Traceback" not in said


def test_the_table_demo_runs_as_a_module_and_predicts_what_it_predicts_alone(of_table, root):
    done = of_table.run(config="config/config.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    results = of_table.folder / "results/small"
    assert "exp" in (results / "report.html").read_text()
    first = (of_table.folder / "seen.txt").read_text().partition(":")[0]
    assert first.strip().endswith("elsewhere/workflow"), "before what the caller has"

    alone = checkout(root, of_table.folder.parent / "alone")
    write_table(alone.folder / "regions.csv")
    (alone.folder / "small.yaml").write_text(yaml.safe_dump(CONFIG))
    again = alone.run("--until", "probe")
    assert again.returncode == 0, again.stdout + again.stderr
    place = "results/small/predictions/exp/seed-0.tsv"
    assert (alone.folder / place).read_bytes() == (of_table.folder / place).read_bytes()


def test_a_second_run_of_the_module_has_nothing_to_do(of_table):
    done = of_table.run("--dry-run", config="config/config.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing to be done" in done.stdout + done.stderr
