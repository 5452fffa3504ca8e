"""The configuration as it is meant: read strictly, completed and checked before anything uses it."""

from snakemake.exceptions import WorkflowError

from contrage.settings import door as settings
from contrage.errors import ContrageError

ROOT = HERE.parent
# By its address, not its path: a module may come from a repository elsewhere.
SCHEMA = settings.load_schema(
    Path(workflow.source_path("../schemas/config.schema.yaml"))
)


def meant_settings():
    """The configuration with all defaults.

    Snakemake has read the files by then, and of a key that stands there twice or a number that
    YAML reads as octal nothing can be seen any more: they are read again. A workflow that loads
    this one as a module with `config:` gives the configuration itself, and no file counts.
    """
    if workflow.modifier.skip_configfile:
        return settings.complete(config, SCHEMA)
    given = workflow.config_settings
    files, arguments = list(given.configfiles), list(given.config_args or [])
    if not (given.replace_workflow_config and (files or arguments)):
        files.insert(0, ROOT / "config/config.yaml")
    return settings.read(files, arguments, SCHEMA)


try:
    settings.require_plain_folders(ROOT)
    meant = meant_settings()
except ContrageError as error:
    raise WorkflowError(str(error)) from None

config.clear()
config.update(meant)

# Whole configurations, one for each experiment that is reported, and whether a study asks for them,
# whose rules are called by their experiments.
CONFIGS, IS_STUDY = [config], False
