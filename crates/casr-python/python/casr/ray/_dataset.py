"""Enlargement as a step of a ``ray.data.Dataset``."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import casr
from casr.ray import _nodes
from casr.ray._settings import Saving, Upscaling, arguments, checked

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray
    from typing_extensions import Unpack


class Enlarge:
    """Enlarges a column of images; for ``ray.data.Dataset.map_batches``.

    ::

        images = ray.data.read_images("photographs", mode="RGB")
        large = images.map_batches(
            casr.ray.Enlarge,
            fn_constructor_kwargs={"scale": 4},
            batch_size=4,
            num_cpus=4,
            concurrency=2,
        )

    What comes in goes out, as of :func:`casr.upscale`: arrays (of one shape or of several), or the
    bytes of image files, which keep their metadata. Each actor holds one network, and as many
    threads as ``num_cpus`` says. Images go through one by one, so a batch may be small.

    Args:
        scale: The factor of both sides; 2 if no size is given.
        column: The column with the images.
        output: The column for the results; the same if not said.
        remarks: A column for what is to be said of each result, lists of strings. Without, remarks
            are warnings in the actors' logs.
        errors: A column for what is wrong with images that cannot be enlarged, null for the others;
            their results are null (of bytes) or without pixels (of arrays). Without, the first such
            image ends the work.
        settings: How: ``size``, ``look``, ``restore`` and the others of :func:`casr.upscale`;
            ``device`` is ``"cpu"`` if not said. ``format``, ``quality`` and what else is about
            files is for bytes.
    """

    def __init__(
        self,
        scale: float | None = None,
        *,
        column: str = "image",
        output: str | None = None,
        remarks: str | None = None,
        errors: str | None = None,
        **settings: Unpack[Saving],
    ) -> None:
        self._column = column
        self._output = column if output is None else output
        self._remarks = remarks
        self._errors = errors
        known = checked("Enlarge", scale, settings)
        known["device"] = _nodes.device(known["device"])
        self._upscaling = arguments(known, Upscaling)
        self._saving = arguments(known, Saving)
        _nodes.limit_threads()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Enlarges the images of a batch, NumPy arrays by the names of their columns."""
        if not isinstance(batch, dict):
            raise TypeError(
                f"casr.ray.Enlarge takes batches of NumPy arrays, not {type(batch).__name__}; "
                'leave batch_format out of map_batches, or write batch_format="numpy"'
            )
        if self._column not in batch:
            raise ValueError(
                f"column: there is no '{self._column}', but {', '.join(map(repr, batch))}"
            )
        results: list[Any] = []
        remarks: list[list[str]] = []
        errors: list[str | None] = []
        for image in batch[self._column]:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always", casr.Remark)
                try:
                    results.append(self._enlarge(image))
                    errors.append(None)
                except (casr.Error, OSError, ValueError, TypeError, MemoryError) as error:
                    if self._errors is None:
                        raise
                    results.append(_nothing(image))
                    errors.append(f"{error}")
            remarks.append([str(warning.message) for warning in said])
        if self._remarks is None:
            for text in sum(remarks, []):
                warnings.warn(text, casr.Remark, stacklevel=2)
        batch = {**batch, self._output: _column(results)}
        if self._remarks is not None:
            batch[self._remarks] = _objects(remarks)
        if self._errors is not None:
            batch[self._errors] = _objects(errors)
        return batch

    def _enlarge(self, image: Any) -> Any:
        if isinstance(image, bytes):
            return casr.upscale(image, **self._saving)
        return casr.upscale(image, **self._upscaling)


def _nothing(image: Any) -> Any:
    """What stands for the result of an image that has none."""
    import numpy

    if not isinstance(image, numpy.ndarray) or image.ndim < 2:
        return None
    return numpy.empty((0, 0, *image.shape[2:]), image.dtype)


def _column(results: list[Any]) -> NDArray[Any]:
    """Results as a column: one array where all have one shape."""
    import numpy

    shapes = {getattr(result, "shape", None) for result in results}
    if len(shapes) == 1 and None not in shapes:
        return numpy.stack(results)
    return _objects(results)


def _objects(values: list[Any]) -> NDArray[numpy.object_]:
    """Any values as a column."""
    import numpy

    column = numpy.empty(len(values), object)
    for index, value in enumerate(values):
        column[index] = value
    return column
