"""What a training's head makes of its features: kept weights on kept features, no image is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from contrage.evaluation.statistics.ordinality import Floats, unit
from contrage.learning.checkpoint import read_model


def embedding(model: Path, features: Floats) -> Floats | None:
    """Return the embeddings (n, k) of features (n, d), of unit length.

    The head is linear layers with ReLU between them (`contrage.learning.model.Model`). An output
    that predicts the target beside the embedding is left out; None of a head that does nothing but
    predict. Without a head the features are the embedding.
    """
    saved = read_model(model)
    layers = _layers(saved["head"])
    if not layers:
        return unit(features)
    found = np.asarray(features, float)
    for place, (weight, bias) in enumerate(layers):
        found = (np.maximum(found, 0) if place else found) @ weight.T + bias
    if saved["predicts"]:
        found = found[:, :-1]
    return unit(found) if found.shape[1] else None


def _layers(head: Mapping[str, Any]) -> list[tuple[Floats, Floats]]:
    """Return weight and bias of each linear layer, in their order."""
    places = sorted({int(name.partition(".")[0]) for name in head})
    return [
        (head[f"{at}.weight"].double().numpy(), head[f"{at}.bias"].double().numpy())
        for at in places
    ]
