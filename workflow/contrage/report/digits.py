"""How exactly errors are told."""

from __future__ import annotations

from contrage.target_words import TargetInWords


def error_digits(target: TargetInWords) -> int:
    """Return the decimals of an error in the target's unit: two more than tell its bins apart.

    Of years there are two, whatever the bin.
    """
    return 2 if target.is_age else 2 + target.digits
