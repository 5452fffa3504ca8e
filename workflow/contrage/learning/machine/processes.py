"""One training on several GPUs: as many processes, each with its share of every batch.

PyTorch's elastic launcher (what `torchrun` runs) starts them on one node. Each process encodes its
share; batch norm counts the whole batch, the loss sees all embeddings (`contrage.losses` gathers
them), and gradients are summed. So the batch size means the same on one GPU and on eight, and the
result is that of one process but for the order of sums, and for what an encoder draws at random:
each process draws its own dropout and views.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from contrage.errors import ContrageError, DeviceError
from contrage.logs import log_to

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class World:
    """The processes of a training, seen from one of them."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the files and speaks."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """Return this process's part of a batch (n, …); the parts in their order are the batch."""
        return batch.tensor_split(self.size)[self.rank]

    def join(self, part: Tensor) -> Tensor:
        """Return the parts (n_r, …) of all processes as one (Σ n_r, …); the inverse of `share`."""
        if self.size == 1:
            return part
        from contrage.losses._gather import gather

        return gather(part)

    def agree(self, number: float) -> float:
        """Return the leading process's number in all of them."""
        if self.size == 1:
            return number
        from torch import distributed

        box = [number]
        distributed.broadcast_object_list(box)
        return box[0]

    def wrap(self, network: nn.Module) -> nn.Module:
        """Return a network whose gradients are averaged over the processes, if there are several.

        The network itself is changed: its batch norm takes the statistics of the joint batch.
        """
        if self.size == 1:
            return network
        from torch.nn.parallel import DistributedDataParallel

        device = next(network.parameters()).device
        if device.type == "cuda":
            network.encoder = nn.SyncBatchNorm.convert_sync_batchnorm(network.encoder)
        else:
            from contrage.learning.machine.batch_norm import synchronise

            synchronise(network)
        # Statistics are equal everywhere already: nothing to broadcast.
        return DistributedDataParallel(network, forward_sync_buffers=False)


ALONE = World()


def run(count: int, device: str, work: Callable[..., None], *arguments: Any) -> None:
    """Call `work(world, *arguments)` in this process, or in `count` processes at once.

    Parameters
    ----------
    count : int
    device : str
        auto, cuda or cpu.
    work : callable
    *arguments
        All picklable.

    Raises
    ------
    ContrageError
        What one of the processes raised; the others are stopped.
    """
    if count == 1:
        work(ALONE, *arguments)
        return
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    logging.getLogger("torch.distributed").setLevel(logging.CRITICAL)  # an error is told once
    with tempfile.TemporaryDirectory() as folder:
        message = Path(folder) / "message"
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=count,
            run_id="contrage",
            max_restarts=0,  # the workflow runs a job again, from its checkpoint
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            start_method="spawn",  # the launcher has threads, whose locks a fork would inherit
        )
        try:
            elastic_launch(config, _enter)(message, log_files(), device, work, arguments)
        except ChildFailedError as error:
            if message.is_file():
                raise ContrageError(message.read_text(encoding="utf-8")) from None
            rank, failure = error.get_first_failure()
            told = failure.message
            raise ContrageError(
                f"process {rank} of the {count} of a training ended with exit code "
                f"{failure.exitcode}: {told['message'] if isinstance(told, dict) else told}"
            ) from None


def log_files() -> list[str]:
    """Return the files that this process logs to."""
    handlers = logging.getLogger("contrage").handlers
    return [each.baseFilename for each in handlers if isinstance(each, logging.FileHandler)]


def _enter(
    message: Path, logs: list[str], device: str, work: Callable[..., None], arguments: tuple
) -> None:
    """Join the other processes, work, and leave what a user should read of an error."""
    from torch import distributed

    world = World(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
    if world.leads:
        for file in logs:
            log_to(file)
    warnings.filterwarnings("ignore", "Grad strides do not match")  # of a single channel: alike
    on_gpu = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    try:
        if on_gpu:
            _take_gpu(world)
        distributed.init_process_group("nccl" if on_gpu else "gloo")
        work(world, *arguments)
    except ContrageError as error:
        message.write_text(str(error), encoding="utf-8", errors="backslashreplace")
        sys.exit(1)  # the launcher stops the others, who may be waiting for this one
    distributed.destroy_process_group()


def _take_gpu(world: World) -> None:
    found = torch.cuda.device_count()
    if found < world.size:
        raise DeviceError(
            f"training.gpus_per_job: {world.size}, but {found} CUDA devices can be seen here; "
            "lower it, or ask the cluster for more"
        )
    torch.cuda.set_device(world.rank)
