"""How much may lie in the page's folder: what does, and what is on its way there."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Container
from pathlib import Path

from contrage.serve.bounds import MEGA, UploadError


class Room:
    """Keeps room for drops while they come.

    Parameters
    ----------
    folder : Path
        For all that is sent and made, a folder below it for each drop.
    most_mb : int
        What may lie there at a time.
    """

    def __init__(self, folder: Path, most_mb: int) -> None:
        self.folder, self.most_mb = folder, most_mb
        self._lock = threading.Lock()
        self._coming: dict[Path, int] = {}

    def keep(self, drop: Path, coming: int) -> None:
        """Keep room for all bytes of a drop, until it is `free` again.

        Parameters
        ----------
        drop : Path
            Its folder, which is not there yet, or as far as it has come.
        coming : int
            Bytes in all; a drop that does not say how many asks again as they come.

        Raises
        ------
        UploadError
            So much lies here, or is on its way, that it is not taken.
        """
        most = self.most_mb * MEGA
        with self._lock:
            others = {path: size for path, size in self._coming.items() if path != drop}
            taken = _bytes_in(self.folder, {drop, *others}) + sum(others.values())
            if taken <= most < coming:
                raise UploadError(f"more than {self.most_mb} MB at once; drop fewer files", 413)
            if taken + coming > most:
                raise UploadError(
                    f"{taken / MEGA:.0f} MB lie here already or are on their way, and at most "
                    f"{self.most_mb} may; remove scans from the page, or drop fewer files",
                    429,
                )
            self._coming[drop] = coming

    def free(self, drop: Path) -> None:
        """Keep no more room for a drop: what of it is here is counted itself."""
        with self._lock:
            self._coming.pop(drop, None)


def _bytes_in(folder: Path, without: Container[Path]) -> int:
    """Return how much lies in a folder but for some below it; files may go from it meanwhile."""
    count = 0
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if Path(root, name) not in without]
        for name in files:
            with contextlib.suppress(OSError):
                count += os.stat(os.path.join(root, name)).st_size
    return count
