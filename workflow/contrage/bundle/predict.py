"""What a model predicts of new scans: a number with its interval, or a sentence why not."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from contrage.bundle import flags
from contrage.bundle.errors import BundleError
from contrage.bundle.explain import Explaining, explained
from contrage.bundle.facts import BundleFacts
from contrage.bundle.images import ImageOfScan, seen
from contrage.bundle.network import networks, z_scored
from contrage.bundle.opened import Bundle, Member
from contrage.bundle.prediction import Prediction
from contrage.bundle.subjects import Subject, subjects
from contrage.bundle.template import template_here
from contrage.errors import ContrageError, TableError, disk_full
from contrage.evaluation.predictor import ImagePredictor
from contrage.evaluation.statistics.gap.correct import CorrectionLine
from contrage.settings.steps.imaging import TemplateFiles

__all__ = ["Prediction", "networks", "predict_subjects", "subjects", "z_scored"]

log = logging.getLogger(__name__)

LEARNED_SITES = (
    "the interval for new sites is made of sites that were learned from: of a new one it may hold "
    "less often"
)
STAGES = ("check", "strip", "correct", "register", "quality", "predict", "explain")


def _nobody(name: str, stage: str) -> None:
    """Tell nobody."""


def _at_once(found: Prediction) -> None:
    """Wait for where the model looks."""


def predict_subjects(
    bundle: Bundle,
    found: Sequence[Subject],
    *,
    work: Path | None = None,
    tell: Callable[[str, str], None] = _nobody,
    interval: str | None = None,
    members: Sequence[int] | None = None,
    template: tuple[Path, Path | None] | None = None,
    explain: Explaining | None = None,
    first: Callable[[Prediction], None] = _at_once,
) -> Iterator[Prediction]:
    """Yield the prediction of each subject, in order; what is wrong with one stops no other.

    Parameters
    ----------
    bundle : Bundle
    found : sequence of Subject
    work : Path, optional
        Folder for what the steps write, one below it for each subject, which stay; without it
        they are gone once the prediction is yielded.
    tell : callable
        Is told the subject's name and each of `STAGES` as it begins.
    interval : {"people", "site"}, optional
        In place of the bundle's own.
    members : sequence of int, optional
        Numbers of the members that predict; all, unless some have seen the person.
    template : tuple of Path, optional
        T1 and brain mask of the template, where the bundle's is no file of nilearn or TemplateFlow.
    explain : Explaining, optional
        To be told where the model looks as well.
    first : callable
        Is told the prediction before it is explained, which takes longer.

    Raises
    ------
    BundleError
        The bundle's weights are no network.
    SettingsError
        The template is not here, or another one.
    """
    chosen = [
        bundle.members[k] for k in (range(len(bundle.members)) if members is None else members)
    ]
    predictor = Predictor(
        bundle,
        chosen,
        networks(bundle, chosen),
        template_here(bundle.facts, template),
        interval or bundle.facts.interval.whom,
        explain,
        first,
    )
    for number, subject in enumerate(found):
        with tempfile.TemporaryDirectory(prefix="contrage-") as away:
            folder = Path(away) if work is None else Path(work) / f"{number:04d}"
            folder.mkdir(parents=True, exist_ok=True)
            yield predictor.of(subject, folder, tell)


@dataclass(frozen=True)
class Predictor:
    """A bundle, some of its members as networks, and how intervals are asked for."""

    bundle: Bundle
    members: list[Member]
    networks: list[ImagePredictor]
    template: TemplateFiles | None
    whom: str
    explain: Explaining | None
    first: Callable[[Prediction], None]

    @property
    def facts(self) -> BundleFacts:
        """What the bundle says."""
        return self.bundle.facts

    def of(self, subject: Subject, work: Path, tell: Callable[[str, str], None]) -> Prediction:
        """Return the prediction of a subject, or why there is none."""
        if subject.problem is not None:
            return self._refused(subject, subject.problem)
        files: dict[str, Path] = {}
        try:
            image = seen(
                self.bundle, subject, self.template, work, lambda stage: tell(subject.name, stage)
            )
            files = image.files
            if reasons := image.record.get("misplaced"):
                return self._refused(subject, f"it lies elsewhere: {'; '.join(reasons)}", image)
            tell(subject.name, "predict")
            found = self._predicted(subject, image)
        except BundleError:
            raise
        except MemoryError:
            return self._refused(subject, "there is not enough memory for it on this machine")
        except ContrageError as error:
            return self._refused(subject, str(error), files=files)
        except Exception as error:
            if disk_full(error):
                raise
            log.debug("%s", subject.name, exc_info=True)
            told = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            return self._refused(subject, f"an error that contrage did not expect ({told})")
        if self.explain is None or found.refused is not None:
            return found
        self.first(found)
        tell(subject.name, "explain")
        return self._explained(found, image, work)

    def _refused(
        self,
        subject: Subject,
        reason: str,
        image: ImageOfScan | None = None,
        files: dict[str, Path] | None = None,
    ) -> Prediction:
        told = {"known": subject.known, "flags": subject.notes, "refused": reason}
        none = dict.fromkeys(
            ("predicted", "low", "high", "interval", "spread", "gap", "corrected_gap")
        )
        measured = {} if image is None else _measured(image)
        made = files or ({} if image is None else image.files)
        level = self.facts.interval.level
        return Prediction(subject.name, **none, level=level, **told, quality=measured, files=made)

    def _predicted(self, subject: Subject, image: ImageOfScan) -> Prediction:
        if image.image.shape != self._shape:
            told = "×".join(map(str, image.image.shape))
            wanted = "×".join(map(str, self._shape))
            return self._refused(subject, f"it comes to {told} values, not {wanted}", image)
        scores = self._scores(image)
        background = self.facts.seen.scores.form.background
        if (reason := flags.of_values(scores, background)) is not None:
            return self._refused(subject, reason, image)
        values, distances = self._read(scores)
        if not np.isfinite(values).all():
            return self._refused(subject, "what the model makes of it is no number", image)
        return self._with_interval(subject, image, values, distances)

    def _scores(self, image: ImageOfScan) -> list[np.ndarray]:
        return [z_scored(self.bundle, member, image.image) for member in self.members]

    def _explained(self, found: Prediction, image: ImageOfScan, work: Path) -> Prediction:
        """Return a prediction with where the model looks; the number stands whatever happens."""
        try:
            scores = self._scores(image)
            looks, maps = explained(
                self.bundle, self.members, self.networks, scores, self.explain, work
            )
        except Exception as error:
            if disk_full(error):
                raise
            return replace(found, flags=(*found.flags, not_explained(found.name, error)))
        return replace(found, looks=looks, files={**found.files, **maps})

    @property
    def _shape(self) -> tuple[int, ...]:
        of = self.facts.network
        has_channels = self.facts.seen.scores.form.has_channels
        return (of.channels, *of.shape) if has_channels else of.shape

    @torch.no_grad()
    def _read(self, scores: list[np.ndarray]) -> tuple[np.ndarray, list[float]]:
        """Return what each member predicts, and how far its features lie from what it learned."""
        values, distances = [], []
        with threadpool_limits(1):
            for member, network, score in zip(self.members, self.networks, scores, strict=True):
                features = network.encoder(torch.from_numpy(np.ascontiguousarray(score))[None])
                values.append(float(network.readout(features)[0]))
                distances.append(float(member.reference.distance(features.numpy())[0]))
        return np.array(values), distances

    def _with_interval(
        self, subject: Subject, image: ImageOfScan, values: np.ndarray, distances: list[float]
    ) -> Prediction:
        facts, notes = self.facts, [*subject.notes, *image.warnings]
        predicted = float(values.mean())
        half = self.bundle.residuals.half_width(self.whom, facts.interval.level)
        if facts.target.is_binary:
            values = 1 / (1 + np.exp(-np.clip(values, -700, 700)))
            predicted, half = float(values.mean()), None
        elif half is None:
            notes.append(_no_interval(facts, self.whom))
        elif self.whom == "site" and not facts.interval.new_sites:
            notes.append(LEARNED_SITES)
        gap, corrected, why = _gaps(facts, subject.known, predicted)
        notes += flags.of_quality(image.record, facts.quality)
        notes += flags.of_distances(distances, [member.reference for member in self.members])
        notes += flags.of_target(facts, subject.known, predicted)
        return Prediction(
            name=subject.name,
            predicted=predicted,
            low=None if half is None else predicted - half,
            high=None if half is None else predicted + half,
            level=facts.interval.level,
            interval=None if half is None else self.whom,
            spread=float(values.std(ddof=1)) if len(values) > 1 else None,
            known=subject.known,
            gap=gap,
            corrected_gap=corrected,
            flags=tuple(dict.fromkeys([*notes, *why])),
            refused=None,
            quality=_measured(image),
            files=image.files,
        )


def not_explained(name: str, error: Exception) -> str:
    """Log why where the model looks could not be computed; return it as a note."""
    log.warning("%s: not explained", name, exc_info=not isinstance(error, ContrageError))
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, MemoryError):
        reason = "there is not enough memory for it on this machine"
    return f"where the model looks could not be computed ({reason})"


def _no_interval(facts: BundleFacts, whom: str) -> str:
    """Say why there is no interval."""
    if whom == "site":
        return (
            f"no interval for new sites: {len(facts.interval.sites)} were tested, too few to tell "
            f"where {facts.interval.level:.0%} of people of another one lie"
        )
    return (
        f"no interval: {facts.interval.people} people were tested, too few to tell where "
        f"{facts.interval.level:.0%} of others lie"
    )


def _gaps(
    facts: BundleFacts, known: float | None, predicted: float
) -> tuple[float | None, float | None, list[str]]:
    """Return the gap, raw and corrected, and why the latter is not there, if so."""
    if known is None or not facts.target.is_age:
        return None, None, []
    gap = predicted - known
    if facts.line is None:
        return gap, None, ["no corrected gap: the people who were tested tell of no line"]
    line = CorrectionLine(facts.line.intercept, facts.line.slope, facts.line.people)
    try:
        return gap, float(line.cole([known], [predicted])[0]), []
    except TableError as error:
        return gap, None, [str(error)]


def _measured(image: ImageOfScan) -> dict[str, float]:
    """Return the numbers that were measured of a scan."""
    return {
        name: float(value)
        for name, value in image.record.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
