"""What steps are told of arrays, as the rules tell it."""

from dataclasses import asdict

from contrage import modalities

VOLUME, REGIONS, TABLE = (
    asdict(modalities.load(name).form) for name in ("stiffness", "desikan", "table")
)
SLICE = VOLUME | {"layout": "slice", "axes": 2}
