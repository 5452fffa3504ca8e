"""What the tables of a BIDS folder know of its scans, read as a cohort's are.

participants.tsv speaks of a participant, sub-X_sessions.tsv of each session, sub-X_scans.tsv of
each image: what is nearer to the image counts more. A person's table that cannot be read costs that
person the known target, with a note, and nobody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from contrage.bundle.facts import BundleFacts
from contrage.bundle.known import SESSION, Known, Wanted, known_people, of_row, tables_of
from contrage.bundle.subject import Subject, person
from contrage.errors import TableError
from contrage.participants.sessions import in_two_units, told_of_sessions
from contrage.participants.tables import Tables, of_image

PARTICIPANTS = "participants.tsv"


@dataclass(frozen=True)
class FolderTables:
    """The tables of a folder of scans.

    Attributes
    ----------
    tables : Tables
    wanted : Wanted
    people : Known
        What participants.tsv says.
    sessions : dict of str to list of str
        Person → labels of all sessions that are there.
    """

    tables: Tables
    wanted: Wanted
    people: Known
    sessions: dict[str, list[str]]
    _of_sessions: dict[Path, tuple[dict[str, Any], dict[str, str]]] = field(default_factory=dict)

    def of(self, name: str, image: Path | None, alone: bool) -> dict[str, Any]:
        """Return what tables say of a scan, as `of_row`; nothing where none has any of it.

        Parameters
        ----------
        name : str
            "sub-X" or "sub-X_ses-Y".
        image : Path or None
            The one that is learned from.
        alone : bool
            Whether it is the person's only scan, so that the person's age is taken for its own.
        """
        told = self.people.of(name, alone)
        entry = self.people.of(name).get("known")
        own = self.people.of_session(name) or {}
        is_own = own.get("known") is not None
        try:
            for said, where in (*self._of_session(name), *self._of_scan(name, image)):
                new = of_row(said, self.wanted)
                self._check_units(entry, new["known"], where)
                told = _laid_over(told, new, None if is_own else self._lacks(said, where))
                is_own = is_own or new["known"] is not None
        except TableError as error:
            return {**told, "known": None, "notes": (str(error),)}
        return told

    def _of_session(self, name: str) -> Iterator[tuple[dict[str, Any], Path]]:
        """Yield what the table of sessions says of one, where there is one."""
        person, _, label = name.partition(SESSION)
        path = self.tables.folder / person / f"{person}_sessions.tsv"
        if not label or not path.is_file():
            return
        if path not in self._of_sessions:
            self._of_sessions[path] = told_of_sessions(self.tables, path, self.sessions[person])
        said, lacks = self._of_sessions[path]
        yield {"lacks": lacks.get(label), **said[label]}, path

    def _of_scan(self, name: str, image: Path | None) -> Iterator[tuple[dict[str, Any], Path]]:
        """Yield what the tables of scans say of an image: the person's, then the session's."""
        person, _, label = name.partition(SESSION)
        home = self.tables.folder / person
        tables = [home / f"{person}_scans.tsv"]
        tables += [home / f"ses-{label}" / f"{name}_scans.tsv"] if label else []
        for path in tables if image is not None else ():
            if path.is_file():
                yield of_image(self.tables, path, image.name), path

    def _lacks(self, said: dict[str, Any], where: Path) -> str | None:
        """Return why a table tells no target of a scan, though it has a column of it."""
        if self.wanted.target.is_age:
            return said.get("lacks")
        column = self.wanted.target.column
        if said["columns"].get(column, "") is None:
            return f"no {self.wanted.target.word} in {where.name}, which has a column of it"
        return None

    def _check_units(self, entry: float | None, known: float | None, where: Path) -> None:
        if not self.wanted.target.is_age or entry is None or known is None:
            return
        if in_two_units(entry, known):
            raise TableError(
                f"{where}: age {known:.4g}, in {PARTICIPANTS} {entry:.4g}, taken for years: are "
                f"they in one unit? Say Units in {where.stem.rpartition('_')[2]}.json"
            )


def tables_of_folder(folder: Path, wanted: Wanted, names: list[str]) -> FolderTables:
    """Return the tables of a folder in which scans of some names were found.

    Raises
    ------
    TableError
        participants.tsv cannot be read.
    """
    path = folder / PARTICIPANTS
    people = known_people(path if path.is_file() else None, wanted)
    sessions: dict[str, list[str]] = {}
    for name in names:
        person, _, label = name.partition(SESSION)
        sessions.setdefault(person, []).extend([label] if label else [])
    return FolderTables(tables_of(folder, wanted), wanted, people, sessions)


def told_there(facts: BundleFacts, folder: Path, found: Sequence[Subject]) -> list[Subject]:
    """Return the subjects of a folder with what its tables know of them."""
    tables = tables_of_folder(folder, Wanted.of(facts), [each.name for each in found])
    scans = Counter(person(each) for each in found)
    learned = (facts.seen.imaging.map or "anatomical") if facts.seen.imaging else None
    return [
        replace(
            each, **tables.of(each.name, each.images.get(learned), alone=scans[person(each)] == 1)
        )
        for each in found
    ]


def _laid_over(told: dict[str, Any], new: dict[str, Any], lacks: str | None) -> dict[str, Any]:
    """Return what is told with what a table nearer to the image says in its place."""
    kept = {"known": None, "notes": (), **told}
    kept |= {name: new[name] for name in ("sex", "site", "volume") if new[name] is not None}
    if new["known"] is not None or new["notes"]:
        return {**kept, "known": new["known"], "notes": new["notes"]}
    return {**kept, "known": None, "notes": (lacks,)} if lacks else kept
