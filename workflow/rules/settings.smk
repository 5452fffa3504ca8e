"""The configuration as it is meant: read strictly, completed and checked before anything uses it."""

from snakemake.exceptions import WorkflowError

from contrage.plan import study as studies
from contrage.settings import door as settings
from contrage.errors import ContrageError

ROOT = HERE.parent
# By its address, not its path: a module may come from a repository elsewhere.
SCHEMA, SCHEMA_OF_STUDY = (
    settings.load_schema(Path(workflow.source_path(path)))
    for path in ("../schemas/config.schema.yaml", "../schemas/study.schema.yaml")
)


def files_and_arguments():
    """The files of the configuration, the defaults' first, and what the command line says.

    Snakemake has read the files by then, and of a key that stands there twice or a number that
    YAML reads as octal nothing can be seen any more: they are read again. A workflow that loads
    this one as a module with `config:` gives the configuration itself, and no file counts.
    """
    if workflow.modifier.skip_configfile:
        return [], []
    given = workflow.config_settings
    files, arguments = list(given.configfiles), list(given.config_args or [])
    if not (given.replace_workflow_config and (files or arguments)):
        files.insert(0, ROOT / "config/config.yaml")
    return files, arguments


def study_asked():
    """The study that is asked for; None where it is one experiment."""
    files, arguments = files_and_arguments()
    own = [file for file in files if file != ROOT / "config/config.yaml"]
    handed = workflow.modifier.skip_configfile
    given = [config] if handed else studies.layers(own, arguments)
    if not studies.is_one(given):
        return None
    defaults = own != files
    below = studies.layers(files[:1], [])[0] if defaults else {}
    return studies.expand(given, below, SCHEMA, SCHEMA_OF_STUDY)


def meant_settings():
    """The configuration with all defaults."""
    if workflow.modifier.skip_configfile:
        return settings.complete(config, SCHEMA)
    return settings.read(*files_and_arguments(), SCHEMA)


try:
    settings.require_plain_folders(ROOT)
    STUDY = study_asked()
    # Whole configurations, one for each experiment; of a study, those it is of first.
    CONFIGS = STUDY.configs if STUDY else [meant_settings()]
except ContrageError as error:
    raise WorkflowError(str(error)) from None

# Whether a study asks for them, whose rules are called by their experiments.
IS_STUDY = STUDY is not None
config.clear()
config.update(CONFIGS[0])
