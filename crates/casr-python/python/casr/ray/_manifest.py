"""The table of what became of each image, a Parquet file beside the results."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import pyarrow
from pyarrow import parquet

if TYPE_CHECKING:
    from casr.ray._places import Place

# A row is an image. Sizes and times of the source and the settings say whether a result is still
# the one that is wanted.
SCHEMA = pyarrow.schema(
    [
        ("path", pyarrow.string()),
        ("output", pyarrow.string()),
        ("width", pyarrow.int64()),
        ("height", pyarrow.int64()),
        ("size", pyarrow.int64()),
        ("seconds", pyarrow.float64()),
        ("remarks", pyarrow.list_(pyarrow.string())),
        ("error", pyarrow.string()),
        ("source_size", pyarrow.int64()),
        ("source_time", pyarrow.int64()),
        ("settings", pyarrow.string()),
    ]
)

# How often it is written while work goes on, in seconds, unless writing takes long.
_INTERVAL = 30.0

Row = dict[str, Any]


class Manifest:
    """Rows by the paths of their images, and the file that they are kept in."""

    def __init__(self, place: Place) -> None:
        """Reads the file, if it is there.

        Raises:
            ValueError: It is no manifest.
        """
        self._place = place
        self.rows: dict[str, Row] = {}
        self._next = 0.0
        if not place.exists():
            return
        try:
            content = pyarrow.BufferReader(place.read())
            table = parquet.read_table(content).select(SCHEMA.names).cast(SCHEMA)
        except (pyarrow.ArrowException, KeyError) as error:
            raise ValueError(
                f"{place}: this is no manifest of casr.ray.enlarge ({error}); move it away, or name "
                "another file by manifest"
            ) from error
        self.rows = {row["path"]: row for row in table.to_pylist()}

    def put(self, row: Row) -> None:
        """Takes a row in, in place of an earlier one of the same image."""
        self.rows[row["path"]] = {name: row.get(name) for name in SCHEMA.names}

    def table(self, paths: list[str] | None = None) -> pyarrow.Table:
        """All rows, or those of some images, in this order."""
        rows = self.rows.values() if paths is None else [self.rows[path] for path in paths]
        return pyarrow.Table.from_pylist(list(rows), schema=SCHEMA)

    def write(self) -> None:
        """Writes the file, whole or not at all."""
        begun = time.monotonic()
        sink = pyarrow.BufferOutputStream()
        rows = sorted(self.rows)
        parquet.write_table(self.table(rows), sink, compression="zstd")
        self._place.write(sink.getvalue().to_pybytes())
        taken = time.monotonic() - begun
        self._next = time.monotonic() + max(_INTERVAL, 20 * taken)

    def keep_up(self) -> None:
        """Writes the file now and then."""
        if time.monotonic() >= self._next:
            # What cannot be written now may be the next time; the end tells.
            with contextlib.suppress(OSError):
                self.write()
