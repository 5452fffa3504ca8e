"""A training loop written in the usual way, for comparison with contrage's.

In the style of the code behind the papers: float32, a DataLoader over arrays in memory that makes
two identical views of every scan, both of which the network encodes; `torch.optim.Adam`; the value
of the loss is read after every step.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


class TwoViews(Dataset):
    """Images (n, X, Y, Z) in kPa and ages (n,); an item is two views and an age."""

    def __init__(self, images: np.ndarray, ages: np.ndarray, mean: float, sd: float) -> None:
        self.images, self.ages = images, ages
        self.mean, self.sd = mean, sd

    def __len__(self) -> int:
        return len(self.images)

    def view(self, place: int) -> Tensor:
        """Return one view (1, X, Y, Z), in z-scores."""
        image = self.images[place]
        scores = np.where(image != 0, (image - self.mean) / self.sd, 0).astype(np.float32)
        return torch.from_numpy(scores)[None]

    def __getitem__(self, place: int) -> tuple[list[Tensor], float]:
        return [self.view(place), self.view(place)], float(self.ages[place])


class PlainLoop:
    """Model, loss and optimiser, and a pass over the data."""

    def __init__(
        self,
        model: nn.Module,
        loss: nn.Module,
        data: TwoViews,
        batch_size: int,
        learning_rate: float,
        device: torch.device,
        workers: int,
    ) -> None:
        self.model, self.loss, self.device = model.to(device), loss.to(device), device
        self.optimiser = torch.optim.Adam(
            self.model.parameters(), lr=learning_rate, weight_decay=5e-5
        )
        self.loader = DataLoader(
            data,
            batch_size,
            shuffle=True,
            num_workers=workers,
            pin_memory=device.type == "cuda",
            persistent_workers=workers > 0,
            drop_last=True,
        )

    def epoch(self, number: int) -> float:
        """Go through the data once; return the mean loss."""
        self.model.train()
        losses = []
        for views, ages in self.loader:
            images = torch.cat(views, dim=0).to(self.device)
            embeddings = self.model(images)[:, 0]
            first, second = torch.split(embeddings, [len(ages), len(ages)], dim=0)
            loss = self.loss(
                torch.stack([first, second], dim=1), ages.float().to(self.device), epoch=number
            )
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            losses.append(loss.item())
        return float(np.mean(losses))
