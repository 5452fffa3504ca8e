"""ANTs, imported for exact repetition and without what no step needs.

`import ants` takes 1.4 to 1.9 seconds of CPU, of which more than one is plotting and statistics
(matplotlib, scikit-learn, statsmodels) that none of its functions used here needs. With a job per
step and scan these seconds are a third of preprocessing. So its packages are put into
`sys.modules` without running their `__init__`, and those modules are imported that are used; their
functions look for each other on `ants` itself, where they are put as `ants/__init__` does.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from importlib import util
from types import ModuleType

from contrage.errors import SettingsError

log = logging.getLogger(__name__)

BARE = ("ants", "ants.registration", "ants.ops")
CORE = "ants.core"
USED = (
    ("ants.registration.registration", "registration"),
    ("ants.registration.apply_transforms", "apply_transforms"),
    ("ants.ops.bias_correction", "n4_bias_field_correction"),
)
"""What the steps call, and what that calls, by the modules that have it."""
NEEDED = ("from_numpy", "from_pointer", "is_image", *(name for _, name in USED))


def import_ants(seed: int = 1) -> ModuleType:
    """Import ANTs so that results repeat to the bit on any number of cores.

    ITK reads its thread count and ANTs its seed from the environment when they are loaded;
    ``ants.registration(random_seed=…)`` is ignored. With more than one thread even a seeded
    registration differs from run to run.

    Parameters
    ----------
    seed : int
        For the random sampling of the metric; the same for the whole process.

    Raises
    ------
    SettingsError
        ANTs was imported before with other settings, so repetition could not be promised.
    """
    wanted = {"ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1", "ANTS_RANDOM_SEED": str(seed)}
    if "ants" in sys.modules:
        if any(os.environ.get(key) != value for key, value in wanted.items()):
            raise SettingsError(
                "ANTs is already loaded with another seed or thread count; start a new process"
            )
        return sys.modules["ants"]
    os.environ.update(wanted)
    try:
        return _lean()
    except Exception as error:  # another version of ANTs, whose modules lie elsewhere
        log.warning("ANTs is imported as a whole, which takes longer (%s)", error)
        for name in [name for name in sys.modules if name.split(".")[0] == "ants"]:
            if not getattr(sys.modules[name], "__file__", "").endswith((".so", ".pyd")):
                del sys.modules[name]
        return importlib.import_module("ants")


def _lean() -> ModuleType:
    """Import the modules that are used, and put their functions where they look for each other."""
    for name in BARE:
        spec = util.find_spec(name)
        if spec is None:
            raise ImportError(f"there is no {name}")
        sys.modules[name] = util.module_from_spec(spec)
    ants = sys.modules["ants"]
    core = importlib.import_module(CORE)
    vars(ants).update({name: each for name, each in vars(core).items() if name[0] != "_"})
    for module, name in USED:
        setattr(ants, name, getattr(importlib.import_module(module), name))
    lacking = [name for name in NEEDED if not callable(getattr(ants, name, None))]
    if lacking:
        raise ImportError(f"no {', '.join(lacking)} in it")
    return ants
