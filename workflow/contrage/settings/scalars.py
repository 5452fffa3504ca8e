"""What a piece of text is as a value; words for what YAML 1.1 takes for another number."""

from __future__ import annotations

import math
import re

INFINITE = {".inf", ".Inf", ".INF"}
NULLS = {"", "~", "null", "Null", "NULL"}
BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

INTEGER = re.compile(r"[-+]?(0|[1-9](_?[0-9])*)")
FLOAT = re.compile(
    r"[-+]?([0-9](_?[0-9])*(\.([0-9](_?[0-9])*)?)?|\.[0-9](_?[0-9])*)([eE][-+]?[0-9]+)?"
)
LEADING_ZERO = re.compile(r"([-+]?)0+([0-9_]*[0-9])")
OTHER_BASE = re.compile(r"[-+]?0([oO][0-7]+|[xX][0-9a-fA-F]+|[bB][01]+)")
SEXAGESIMAL = re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?")
DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
NOT_FINITE = re.compile(r"[-+]?\.?(inf|infinity|nan)", re.IGNORECASE)
COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
NAMES = {"o": "octal", "x": "hexadecimal", "b": "binary"}


def number(text: str) -> int | float | None:
    """Return the number that text is, None where it is none or needs a second look (`oddity`)."""
    if INTEGER.fullmatch(text):
        return int(text)
    if LEADING_ZERO.fullmatch(text) or not FLOAT.fullmatch(text):
        return None
    return float(text)


def oddity(text: str) -> str | None:
    """Say why text that looks like a number is taken as none, and what to write; else None."""
    if match := LEADING_ZERO.fullmatch(text):
        sign, digits = match[1].replace("+", ""), match[2].replace("_", "")
        if set(digits) & set("89") or digits == "0":
            return f"{text} begins with a zero; write {sign}{digits}"
        return f"{text} is octal in YAML ({sign}{int(digits, 8)}); write {sign}{digits}"
    if OTHER_BASE.fullmatch(text):
        return f"{text} is {NAMES[text.lstrip('-+')[1].lower()]}; write {int(text, 0)}"
    if SEXAGESIMAL.fullmatch(text):
        return f"{text} is a number to the base of 60 in YAML; write a plain number"
    if DATE.fullmatch(text):
        return f"{text} is a date in YAML; write a number, or text in quotation marks"
    if NOT_FINITE.fullmatch(text):
        return f"{text} is no finite number"
    if COMMA.fullmatch(text):
        return f"{text} has a comma; write {text.replace(',', '.')}"
    return None


def natural(text: str) -> tuple[int | float | bool | str | None, str | None]:
    """Return what text is where any value may stand, and what is odd about it, if anything.

    Such a place is a setting of a loss, some of which may be infinite.
    """
    if text in NULLS:
        return None, None
    if text.lower() in BOOLEANS:
        return BOOLEANS[text.lower()], None
    if text in INFINITE:
        return math.inf, None
    value = number(text)
    return (text, oddity(text)) if value is None else (value, None)
