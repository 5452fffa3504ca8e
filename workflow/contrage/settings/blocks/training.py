"""The block training of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from contrage.settings.build import WhereAsked


@dataclass(frozen=True)
class ScheduleSettings:
    """How the learning rate changes from epoch to epoch.

    Attributes
    ----------
    name : str
        step (times lr_decay every lr_decay_every epochs), cosine (down along half a cosine)
        or constant.
    warmup_epochs : int
        First epochs, over which the rate rises in even steps; 0 for none.
    final_fraction : float
        What part of the learning rate the cosine ends on.
    """

    name: str
    warmup_epochs: int
    final_fraction: float


@dataclass(frozen=True)
class EarlyStopSettings:
    """When a training stops before its last epoch.

    Attributes
    ----------
    on : str
        The validation part: inner, a fraction of the training participants, or val, the
        people of that role.
    fraction : float
        Of the training participants to validate on (inner); drawn by the training's seed.
    patience : int or None
        Epochs without a smaller error before the training stops; None for none.
    every : int
        Epochs between two looks at the validation part.
    """

    on: str
    fraction: float
    patience: int | None
    every: int


@dataclass(frozen=True)
class LdsSettings:
    """Weights of scans by how rare their targets are (label distribution smoothing).

    Attributes
    ----------
    formulation : str
        released, as the authors' code; or paper.
    window : int
        Labels that are smoothed over, an odd number.
    sigma : float
        SD of the filter that makes the window, in labels.
    """

    formulation: str
    window: int
    sigma: float


@dataclass(frozen=True)
class FdsSettings:
    """Statistics of features, shared between neighbouring labels (feature distribution smoothing).

    Attributes
    ----------
    formulation : str
        released, as the authors' code; or paper.
    window : int
        Labels that are smoothed over, an odd number.
    sigma : float
        SD of the filter that makes the window, in labels.
    momentum : float
        What of a statistic stays from epoch to epoch.
    """

    formulation: str
    window: int
    sigma: float
    momentum: float


@dataclass(frozen=True)
class MixupSettings:
    """Mixtures of training scans and of their targets.

    Attributes
    ----------
    kind : str
        mixup, with any other scan; or c-mixup, rather with one of a near target.
    alpha : float
        Both parameters of the Beta distribution of the share of a batch's own scans.
    bandwidth : float or None
        SD of the kernel of c-mixup, in the target's unit; null for two bins of target.bin.
    include_self : bool
        Whether a scan may be its own partner.
    """

    kind: str
    alpha: float
    bandwidth: float | None
    include_self: bool


@dataclass(frozen=True)
class LogitsSettings:
    """Cosines of pairs of training scans, noted after each epoch.

    Attributes
    ----------
    scans : int
        How many training scans are looked at, drawn by the training's seed.
    negatives : int
        How many of the largest cosines of pairs of different labels count.
    """

    scans: int
    negatives: int


@dataclass(frozen=True)
class OneTrainingSettings:
    """One training: of the block, all that does not concern several, or is another's result.

    Attributes
    ----------
    device : str
        auto takes a GPU where there is one.
    encoder : str
        small (own, for coarse grids on a CPU), resnet10, resnet18 (the paper's), resnet34,
        resnet50, densenet121 or vit (tiny) from MONAI, sfcn (Peng et al.
    head : tuple of int
        Projection head on the encoder.
    epochs : int
        Passes over the training split.
    batch_size : int
        Scans per step.
    views : int
        Views per scan; without augmentation they are identical.
    augmentation : tuple of Any or dict
        Random changes of the training images, drawn anew for every view, on the training's
        device.
    optimiser : str
        adam (Kingma and Ba) or sgd, both with L2 weight decay, or adamw, whose decay is
        apart from the gradient (Loshchilov and Hutter).
    momentum : float
        Of SGD.
    nesterov : bool
        Whether SGD's momentum is Nesterov's.
    learning_rate : float
        Before schedule and decay.
    schedule : ScheduleSettings
        How the learning rate changes from epoch to epoch.
    lr_decay : float
        Factor on the learning rate (step).
    lr_decay_every : int
        Epochs between two decays (step).
    weight_decay : float
        L2 penalty on what weight_decay_on names.
    weight_decay_on : str
        all parameters, or weights alone, without norm layers and biases.
    gradient_clip : float or None
        Largest norm of the gradient of all parameters together; null for no limit.
    ema : float or None
        Decay per step of an exponential moving average of the weights, from which features
        then come; null for none.
    early_stop : dict or None
        Stop when the probe's error on a validation part of the training split no longer
        falls, and keep the weights of the best epoch; null, as in the papers, for all
        epochs.
    lds : dict or None
        Weights of training scans by how rare their targets are, for losses that weigh scans;
        null for equal ones.
    fds : dict or None
        Features smoothed over neighbouring labels while a head learns to predict; null for
        none.
    mixup : dict or None
        Mixtures of training scans and of their targets, for losses that predict; null for
        none.
    logits : dict or None
        Cosines of pairs of training scans after each epoch, of rows that contrast some; null
        for none.
    threads : int
        CPU threads of one training, or of each of its processes; fixed, because results
        depend on it in the last digits.
    precision : str
        In which numbers the network computes while it trains.
    channels_last : bool
        Weights of 2- and 3-dimensional layers in the order that is fastest, channels last.
    compile : bool
        torch.compile for the encoder.
    deterministic : bool
        Equal bits for equal inputs on a GPU as well, for some of the speed.
    storage : str
        Where the images are while training: device, in its memory; disk, in a memory-mapped
        array that processes read ahead; auto, on the device if they fill no more than half
        of what is free there.
    workers : int
        Processes that read images ahead from disk; 0 for none, as where shared memory is
        short.
    gpus_per_job : int
        GPUs that share one training, each with its part of every batch; on the CPU as many
        processes.
    """

    device: str
    encoder: str
    head: tuple[int, ...]
    epochs: int
    batch_size: int
    views: int
    augmentation: tuple[str, ...] | dict[str, Any]
    optimiser: str
    momentum: float
    nesterov: bool
    learning_rate: float
    schedule: ScheduleSettings
    lr_decay: float
    lr_decay_every: int
    weight_decay: float
    weight_decay_on: str
    gradient_clip: float | None
    ema: float | None
    early_stop: EarlyStopSettings | None
    lds: Annotated[LdsSettings | None, WhereAsked(None)]
    fds: Annotated[FdsSettings | None, WhereAsked(None)]
    mixup: Annotated[MixupSettings | None, WhereAsked(None)]
    logits: Annotated[LogitsSettings | None, WhereAsked(None)]
    threads: int
    precision: str
    channels_last: bool
    compile: bool
    deterministic: bool
    storage: str
    workers: int
    gpus_per_job: int


@dataclass(frozen=True)
class TrainingSettings(OneTrainingSettings):
    """One job per row and seed.

    Attributes
    ----------
    seeds : tuple of int
        Seeds of the trainings; results are means over them.
    gpu_type : str or None
        Type of the GPUs that a cluster is asked for; null for any.
    trainings_per_gpu : int
        How many trainings share a GPU.
    start_from : str or None
        Weights that the encoder of every row starts from; null for random ones, pretraining
        for those that the block pretraining asks for, or the path of a model file (another
        training's model.pt, or what contrage convert wrote).
    others
        As of `OneTrainingSettings`.
    """

    seeds: tuple[int, ...]
    gpu_type: str | None
    trainings_per_gpu: int
    start_from: str | None
