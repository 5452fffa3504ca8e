"""One loss = one file in this folder; the file's name is the loss's name in the configuration.

A new file here is a new loss, nothing else is registered. The rules:

- Files whose name starts with an underscore are helpers.
- A file defines exactly one public `torch.nn.Module` class (whatever its name; classes that it
  merely imports and classes starting with an underscore do not count). The parameters of its
  constructor are the settings, so they need defaults.
- It is called as ``loss(embeddings, targets, epoch=0)`` with embeddings (batch, views, features)
  and targets (batch,), and returns a scalar. ``epoch`` is the training loop's count from 0; a
  released formulation that counts from 1 says so (see ``first_epoch``).
- Class attributes tell the training loop what the loss wants; all may be left out:
  ``needs_prediction = True``, written so: the head has one output, the embeddings (batch, views, 1)
  are the prediction, and both it and the targets given are standardised by the training split's
  mean and SD;
  ``predicts_logit = True`` beside it, written so: that output is a logit, and the targets stay 0
  and 1;
  ``unit_embeddings = True``: the head's output is to be divided by its L2 norm beforehand, as the
  authors' networks do;
  ``first_epoch`` (default 0): the number by which the loss wants the first epoch called;
  ``predicts_last = True``: the head has one more output, which stays as it is: the last feature is
  a prediction of the target, standardised by the training split's mean and SD;
  ``group_by``: "sex" or "site" when the loss wants ``groups``, whole numbers (batch,), as well;
  ``takes_weights = True``, written so: the loss can be called with ``weights`` (batch,) of the
  samples as well, as it is where `training.lds` asks for them;
  ``may_be_infinite`` (default ()): the settings that ``.inf`` is a value of, written as plain text;
  ``target_kinds`` (default ("continuous",)): the kinds of target (`target.kind`) that it can learn,
  written as plain text, for it is read without running the file. Without "binary" the loss needs
  targets that have an order, without "continuous" two sides.
- A method ``fit(targets)``, if there is one, is told the targets (n,) of the training split, in
  their unit, before the first epoch.
- With equal targets throughout a batch there is nothing to repel, and the least value is where all
  embeddings coincide. It is 0 for ``threshold``, whose denominators hold less similar samples
  alone. Where the positives are in the denominator it is log(N - 1) for yaware, supcon, adacon and
  rnc, that less the logarithm of the range of labels for supremix (which divides its weights by
  it), log(N - 1) - 1/temperature for exp and dynlocrep, whose repulsion 1 - w is then 0 (released
  forms: log(N - 1), scaled). l1 is 0 where it predicts the target; simclr knows no targets.
- With several processes (torch.distributed) the loss sees the joint batch: see `_gather`.

Importing this package imports neither PyTorch nor any loss: it is read when a workflow is parsed.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.errors import SettingsError

if TYPE_CHECKING:
    from torch import nn


DEFAULT_KINDS = ("continuous",)
STATED = (
    *("target_kinds", "needs_prediction", "predicts_logit"),
    *("takes_weights", "may_be_infinite"),
)


def available(kind: str | None = None) -> list[str]:
    """Name the losses that exist, in alphabetical order.

    Parameters
    ----------
    kind : str, optional
        Of target: only losses that can learn it.

    Returns
    -------
    list of str
        The names of this folder's files, without those that start with an underscore.
    """
    names = list(_files())
    return names if kind is None else [name for name in names if kind in target_kinds(name)]


def target_kinds(name: str) -> tuple[str, ...]:
    """Return the kinds of target that a loss can learn, as its file states them."""
    return tuple(_stated(name, "target_kinds", DEFAULT_KINDS))


def predicts(name: str, kind: str) -> bool:
    """Return whether a loss's output is the prediction of a target of this kind.

    Its file states it; of two sides only a logit is one.
    """
    attribute = "predicts_logit" if kind == "binary" else "needs_prediction"
    return bool(_stated(name, attribute, False))


def has_prediction(name: str) -> bool:
    """Return whether a loss's output predicts targets of some kind, and so contrasts no pairs."""
    return any(_stated(name, each, False) for each in ("needs_prediction", "predicts_logit"))


def takes_weights(name: str) -> bool:
    """Return whether a loss can weigh samples, as its file states it."""
    return bool(_stated(name, "takes_weights", False))


def may_be_infinite(name: str) -> tuple[str, ...]:
    """Return the settings of a loss that may be infinite, as its file states them."""
    return tuple(_stated(name, "may_be_infinite", ()))


def _stated(name: str, attribute: str, default: Any) -> Any:
    file = _files()[name]
    return _stated_in(file, file.stat().st_mtime_ns).get(attribute, default)


def _files() -> dict[str, Path]:
    changed = tuple(Path(folder).stat().st_mtime_ns for folder in __path__)
    return _listed(tuple(__path__), changed)


@cache
def _listed(folders: tuple[str, ...], changed_ns: tuple[int, ...]) -> dict[str, Path]:
    """Return the files of folders, read once for all rows of a plan."""
    files = (file for folder in folders for file in Path(folder).glob("*.py"))
    named = {file.stem: file for file in files if not file.stem.startswith("_")}
    return dict(sorted(named.items()))


@cache
def _stated_in(file: Path, changed_ns: int) -> dict[str, Any]:
    """Return what a file states as plain text of its class: `STATED`."""
    stated: dict[str, Any] = {}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and (name := ast.unparse(node.targets[0])) in STATED:
            stated.setdefault(name, ast.literal_eval(node.value))
    return stated


def load(name: str, **settings: Any) -> nn.Module:
    """Make a loss ready for use.

    Parameters
    ----------
    name : str
        One of `available()`.
    **settings
        What the loss's class takes; its docstring lists them with their defaults.

    Returns
    -------
    torch.nn.Module
        Called as ``loss(embeddings, targets, epoch=0)``, see the package's docstring.

    Raises
    ------
    SettingsError
        For an unknown name, an unknown setting, a value that cannot work, or a file that does not
        define exactly one loss.
    """
    if name not in available():
        raise SettingsError(f"Loss {name!r} does not exist. There are: {', '.join(available())}.")
    loss = _loss_class(name)
    known = inspect.signature(loss).parameters
    if unknown := sorted(set(settings) - set(known)):
        raise SettingsError(
            f"Loss {name!r} has no setting {', '.join(map(repr, unknown))}. "
            f"It has: {', '.join(known) or 'none'}."
        )
    try:
        made = loss(**settings)
    except SettingsError as error:
        raise SettingsError(f"Loss {name!r}: {error}") from error
    from contrage.losses._gather import joint_batch

    made.register_forward_pre_hook(joint_batch, with_kwargs=True)
    return made


def _loss_class(name: str) -> type[nn.Module]:
    """Return the one public module class that the loss's file defines."""
    module = importlib.import_module(f"{__name__}.{name}")
    from torch import nn

    found = [
        value
        for key, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, nn.Module)
        and value.__module__ == module.__name__
        and not key.startswith("_")
    ]
    if len(found) != 1:
        names = ", ".join(value.__name__ for value in found) or "none"
        raise SettingsError(
            f"{module.__file__} must define exactly one public torch.nn.Module class, "
            f"it defines: {names}."
        )
    return found[0]
