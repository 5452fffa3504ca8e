"""The scans that were dropped, in a row: one is predicted at a time, on a thread of its own."""

from __future__ import annotations

import logging
import queue
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from contrage.bundle.explain import Explaining, explaining, offered
from contrage.bundle.opened import Bundle
from contrage.bundle.predict import STAGES, Prediction, not_explained, predict_subjects
from contrage.bundle.subjects import Subject
from contrage.errors import ContrageError, in_a_line
from contrage.serve.bounds import Bounds, UploadError
from contrage.serve.room import Room
from contrage.serve.uploads import Dropped

log = logging.getLogger(__name__)

WAITING, RUNNING, DONE, REFUSED = "waiting", "running", "done", "refused"
TemplateFiles = tuple[Path, Path | None]


class StoppedError(BaseException):
    """A scan was taken away, or the page is ended, while a step was running.

    No `Exception`, so that nothing that guards against bad scans takes it for one.
    """


@dataclass
class Ticket:
    """A scan on the desk.

    Attributes
    ----------
    number : int
        By which the page asks for it.
    subject : Subject
    dropped : Dropped
    work : Path
        Folder of its own for what the steps write.
    state : str
        waiting, running, done or refused.
    stage : str or None
        The step that is running.
    began : float or None
        When the first one began, seconds of `time.monotonic`.
    seconds : float or None
        How long all took.
    prediction : Prediction or None
        Sentences have the files' names as they were sent. It is there before it is explained.
    refused : str or None
        Why there is no number.
    """

    number: int
    subject: Subject
    dropped: Dropped
    work: Path
    state: str = WAITING
    stage: str | None = None
    began: float | None = None
    seconds: float | None = None
    prediction: Prediction | None = None
    refused: str | None = None
    gone: bool = field(default=False, repr=False)


class Desk:
    """Takes scans in, predicts them in their order, and forgets them.

    Parameters
    ----------
    bundle : Bundle
    folder : Path
        For all that is sent and made; whoever made it deletes it.
    bounds : Bounds
    interval : str, optional
        In place of the bundle's own.
    template : tuple of Path, optional
        Where the template lies, of makers' own files.
    """

    def __init__(
        self,
        bundle: Bundle,
        folder: Path,
        bounds: Bounds,
        interval: str | None = None,
        template: TemplateFiles | None = None,
    ) -> None:
        self.bundle, self.folder, self.bounds = bundle, folder, bounds
        self.interval, self.template = interval, template
        self.tickets: dict[int, Ticket] = {}
        self.lock = threading.Lock()
        self._line: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._count = self._drops = 0
        self.room = Room(folder, bounds.total_mb)
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="predict", daemon=True)
        self._worker.start()

    @property
    def stages(self) -> tuple[str, ...]:
        """The steps that a scan of this model takes."""
        facts = self.bundle.facts
        imaging = facts.seen.imaging
        names = ("check", "predict", "explain") if imaging is None else STAGES
        left_out = set() if offered(facts) else {"explain"}
        left_out |= {"correct"} if imaging is None or imaging.correct is None else set()
        return tuple(name for name in names if name not in left_out)

    @cached_property
    def _explain(self) -> tuple[Explaining | None, tuple[str, ...]]:
        """How scans are explained, or a note why not.

        Made with the first of them, since it reads the template; no scan goes without its number
        where that fails.
        """
        facts = self.bundle.facts
        try:
            return (explaining(facts) if offered(facts) else None), ()
        except Exception as error:
            return None, (not_explained("the model", error),)

    def new_folder(self, coming: int = 0) -> Path:
        """Return the path of a folder for one drop, which is not there yet.

        Room for it is kept, until whoever takes it in frees that.

        Parameters
        ----------
        coming : int
            Bytes, as far as the drop says how many.

        Raises
        ------
        UploadError
            So much lies here, or is on its way, that it is not taken.
        """
        with self.lock:
            self._check_room(1)
            self._drops += 1
            number = self._drops
        folder = self.folder / f"{number:06d}"
        self.room.keep(folder, coming)
        return folder

    def put(self, dropped: Dropped, found: Sequence[Subject]) -> list[Ticket]:
        """Put the scans of a drop in the line.

        Raises
        ------
        UploadError
            They are too many.
        """
        with self.lock:
            self._check_room(len(found))
            tickets = []
            for subject in found:
                self._count += 1
                work = dropped.folder / f"work-{self._count:06d}"
                tickets.append(Ticket(self._count, subject, dropped, work))
            self.tickets |= {each.number: each for each in tickets}
        for each in tickets:
            self._line.put(each)
        return tickets

    def _check_room(self, more: int) -> None:
        waiting = sum(each.state in (WAITING, RUNNING) for each in self.tickets.values())
        if waiting + more > self.bounds.waiting:
            raise UploadError(
                f"{waiting} scans are waiting, and at most {self.bounds.waiting} may; try again "
                "when some are done",
                429,
            )
        if len(self.tickets) + more > self.bounds.scans:
            raise UploadError(
                f"{len(self.tickets)} scans are shown, and at most {self.bounds.scans} are; remove "
                "some",
                429,
            )

    def ahead(self, ticket: Ticket) -> int:
        """Return how many scans come before one that waits."""
        return sum(
            each.state in (WAITING, RUNNING) and each.number < ticket.number
            for each in list(self.tickets.values())
        )

    def remove(self, number: int) -> bool:
        """Take a scan off the desk and delete its files; return whether it was there.

        Files of a drop stay while another scan of it is on the desk; those of a scan that is
        being predicted go when its running step ends.
        """
        with self.lock:
            ticket = self.tickets.pop(number, None)
            if ticket is None:
                return False
            ticket.gone = True
            if ticket.state != RUNNING:
                self._delete(ticket)
        return True

    def _delete(self, ticket: Ticket) -> None:
        """Delete a scan's files, and its drop's with the last scan of it."""
        shutil.rmtree(ticket.work, ignore_errors=True)
        if all(each.dropped is not ticket.dropped for each in self.tickets.values()):
            shutil.rmtree(ticket.dropped.folder, ignore_errors=True)

    def close(self, seconds: float = 5.0) -> bool:
        """End the line; return whether no step is running any more, which is waited for."""
        self._closed = True
        self._line.put(None)
        self._worker.join(seconds)
        return not self._worker.is_alive()

    def _work(self) -> None:
        """Predict one scan after another, until the line ends."""
        while (ticket := self._line.get()) is not None and not self._closed:
            with self.lock:
                if ticket.gone:
                    continue
                ticket.state, ticket.began = RUNNING, time.monotonic()
            try:
                self._predict(ticket)
            except StoppedError:
                log.info("%s: stopped", ticket.subject.name)
            finally:
                with self.lock:
                    ticket.seconds = time.monotonic() - ticket.began
                    ticket.state = DONE if ticket.refused is None else REFUSED
                    if ticket.gone:
                        self._delete(ticket)

    def _predict(self, ticket: Ticket) -> None:
        """Predict a scan, or say why not; nothing of one stops the next."""

        def tell(name: str, stage: str) -> None:
            if ticket.gone or self._closed:
                raise StoppedError
            ticket.stage = stage

        def first(found: Prediction) -> None:
            ticket.prediction = _plain(ticket, found)

        asked = {"interval": self.interval, "template": self.template}
        try:
            explain, notes = self._explain
            asked |= {"explain": explain, "first": first}
            (found,) = predict_subjects(
                self.bundle, [ticket.subject], work=ticket.work, tell=tell, **asked
            )
            notes = () if found.refused is not None else notes
            ticket.prediction = _plain(ticket, replace(found, flags=(*found.flags, *notes)))
            ticket.refused = ticket.prediction.refused
        except ContrageError as error:
            _failed(ticket, ticket.dropped.plain(str(error)))
        except MemoryError:
            _failed(ticket, "this machine's memory is too small for it")
        except Exception as error:
            line = in_a_line(error)
            if line is None:
                log.exception("an error that contrage did not expect")
            _failed(ticket, line or "an error that contrage did not expect; its console has it")


def _failed(ticket: Ticket, reason: str) -> None:
    """Say why there is no number; where there is one, why it is not explained."""
    found = ticket.prediction
    if found is None:
        ticket.refused = reason
        return
    note = f"where the model looks could not be computed ({reason})"
    ticket.prediction = replace(found, flags=(*found.flags, note))


def _plain(ticket: Ticket, found: Prediction) -> Prediction:
    """Return a prediction whose sentences have the files' names as they were sent."""
    plain = ticket.dropped.plain
    refused = None if found.refused is None else plain(found.refused)
    return replace(found, flags=tuple(map(plain, found.flags)), refused=refused)
