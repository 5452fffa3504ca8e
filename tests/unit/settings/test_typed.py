"""Blocks of the configuration as dataclasses: they agree with the schema."""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from pathlib import Path

import pytest

from contrage.settings.blocks.probe import ProbeSettings
from contrage.settings.build import as_plain, build, fields_of
from contrage.settings.door import complete, load_schema
from contrage.settings.schema import kinds, properties, resolve
from contrage.settings.typed import Settings, typed

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = load_schema(ROOT / "workflow/schemas/config.schema.yaml")
KINDS = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


NAMED = {"cohort": {"string", "array"}}
"""What may stand in place of a block, and is one behind the door."""


def blocks(kind=Settings, part=SCHEMA, name="Settings"):
    """Every dataclass of the settings with the part of the schema that it stands for."""
    found = [(name, kind, part)]
    for field, hint in fields_of(kind).items():
        below = resolve(SCHEMA, properties(part)[field])
        many = {dict: "additionalProperties", tuple: "items"}.get(typing.get_origin(hint))
        for each in typing.get_args(hint) or (hint,):
            if dataclasses.is_dataclass(each) and each is not kind:  # a cohort has cohorts
                own = resolve(SCHEMA, below[many]) if many else below
                found += blocks(each, own, f"{name}.{field}")
    return found


ALL = [pytest.param(kind, part, id=name) for name, kind, part in blocks()]


@pytest.mark.parametrize(("kind", "part"), ALL)
def test_a_block_has_the_fields_of_the_schema(kind, part):
    assert set(fields_of(kind)) == set(properties(part))


@pytest.mark.parametrize(("kind", "part"), ALL)
def test_a_field_takes_what_the_schema_allows(kind, part):
    for name, hint in fields_of(kind).items():
        allowed = kinds(resolve(SCHEMA, properties(part)[name])) - NAMED.get(name, set())
        parts = typing.get_args(hint) if "|" in str(hint) else (hint,)
        taken = set()
        for each in parts:
            plain = typing.get_origin(each) or each
            if dataclasses.is_dataclass(each) or plain is dict:
                taken.add("object")
            elif plain is tuple:
                taken.add("array")
            else:
                taken.add(KINDS[each])
        assert allowed <= taken | ({"integer"} if "number" in taken else set()), name
        assert taken <= allowed | ({"number"} if "integer" in allowed else set()), name


@pytest.mark.parametrize(("kind", "part"), ALL)
def test_a_field_has_no_default_and_a_sentence(kind, part):
    sentences = "".join(each.__doc__ for each in kind.__mro__)
    for field in dataclasses.fields(kind):
        assert field.default is dataclasses.MISSING, field.name
        assert field.default_factory is dataclasses.MISSING, field.name
        told = re.search(rf"^    {field.name} : .+\n        \S.+", sentences, re.M)
        assert told, f"{kind.__name__}.{field.name} has no sentence"


def test_a_completed_configuration_passes_through_the_door_and_back():
    config = complete({}, SCHEMA)
    settings = typed(config)
    assert settings.training.epochs == config["training"]["epochs"]
    assert settings.training.head == tuple(config["training"]["head"])
    assert settings.training.early_stop is None
    whole = json.loads(json.dumps(config))
    assert whole["dataset"].pop("external") == {}  # JSON has it where it says something alone
    for key in ("lds", "fds", "mixup", "logits"):
        assert whole["training"].pop(key) is None
    assert as_plain(settings) == whole
    assert build(type(settings), as_plain(settings)) == settings


def test_a_block_that_may_be_absent_is_built_where_it_is_there():
    config = complete({"training": {"early_stop": {"patience": 3}}}, SCHEMA)
    assert typed(config).training.early_stop.patience == 3


def test_names_of_augmentations_and_their_settings_both_pass():
    names = complete({"training": {"augmentation": ["flip"]}}, SCHEMA)
    blocks = complete({"training": {"augmentation": {"noise": {"sd": 0.1}}}}, SCHEMA)
    assert typed(names).training.augmentation == ("flip",)
    assert typed(blocks).training.augmentation["noise"]["sd"] == 0.1


def test_a_key_that_is_missing_or_unknown_is_named_with_its_place():
    given = as_plain(typed(complete({}, SCHEMA)).probe)
    del given["unseen"]["fraction"]
    with pytest.raises(TypeError, match=r"probe\.unseen\.fraction is missing"):
        build(ProbeSettings, given, "probe.")
    given["unseen"] |= {"fraction": 0.2, "fracton": 0.2}
    with pytest.raises(TypeError, match=r"unseen\.fracton is no setting of it"):
        build(ProbeSettings, given)


def test_settings_cannot_be_changed():
    settings = typed(complete({}, SCHEMA))
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.experiment = "other"
