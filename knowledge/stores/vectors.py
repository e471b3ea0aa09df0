"""Vectors on their way to PostgreSQL and back: checked once, and packed without a Python object per number."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from db.arrays import RealColumn, real_column
from knowledge.embedding.embedder import Space, Vector
from knowledge.stores.protocol import InvalidVector, Item

Matrix = NDArray[np.float32]
"""One vector a row."""

_LENGTH_TOLERANCE: Final = 0.01
"""How far from 1 the length of a vector may be; models of half precision miss it by 0.001."""
_ELEMENT: Final = np.dtype([("size", ">i4"), ("number", ">f4")])
_ARRAY_HEADER_BYTES: Final = 20
"""Dimensions, nulls, element type, length, lower bound: four bytes each, as `array_send` writes them."""


def matrix_of(space: Space, vectors: Sequence[Vector]) -> Matrix:
    """Return vectors as one matrix; raises InvalidVector when one of them does not belong to the space."""
    for vector in vectors:
        if vector.shape != (space.dimension,):
            raise InvalidVector(f"A vector has shape {vector.shape}, and {space.key} wants ({space.dimension},).")
    matrix = np.array(vectors, dtype=np.float32).reshape(len(vectors), space.dimension)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(matrix, axis=1)
    if not np.all(np.abs(lengths - 1) <= _LENGTH_TOLERANCE):  # false for NaN as well
        raise InvalidVector(f"A vector of {space.key} is not of length 1.")
    return matrix


def split(space: Space, items: Sequence[Item]) -> tuple[list[str], Matrix]:
    """Return ids and vectors apart, the last vector of an id that comes twice; raises as `matrix_of` does."""
    by_id = dict(items)
    return list(by_id), matrix_of(space, list(by_id.values()))


def packed(matrix: Matrix) -> RealColumn:
    """Return the numbers of a matrix, row by row, as one `real[]`."""
    elements = np.empty(matrix.size, dtype=_ELEMENT)
    elements["size"] = 4
    elements["number"] = matrix.ravel()
    return real_column(elements.tobytes(), matrix.size)


def unpacked(data: bytes) -> Vector:
    """Return a `real[]` in binary form as a vector."""
    elements = np.frombuffer(data, dtype=_ELEMENT, offset=_ARRAY_HEADER_BYTES)
    return elements["number"].astype(np.float32)
