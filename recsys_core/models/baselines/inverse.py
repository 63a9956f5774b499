"""The inverse of a large symmetric matrix in the memory of that matrix alone."""

from __future__ import annotations

import numpy as np

BLOCK = 512  # rows that are mirrored in one go


def invert_in_place(matrix: np.ndarray) -> np.ndarray:
    """The inverse of a symmetric positive definite float32 matrix, written over it; the same array is returned.

    LAPACK's blocked Cholesky factor and the inverse from it, both in place, then one triangle
    mirrored onto the other by blocks: no second array of its size at any time.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where it is not positive definite in single precision; the matrix is spoilt.
    """
    from scipy.linalg import lapack

    if not len(matrix):
        return matrix
    columns = matrix.T  # LAPACK wants columns in a row; its lower triangle is the upper one here
    for step in (
        lambda: lapack.spotrf(columns, lower=True, clean=False, overwrite_a=True),
        lambda: lapack.spotri(columns, lower=True, overwrite_c=True),
    ):
        found, failed = step()
        if failed or not np.shares_memory(found, matrix):
            raise np.linalg.LinAlgError("not positive definite in single precision")
    for start in range(0, len(matrix), BLOCK):
        end = start + BLOCK
        square = matrix[start:end, start:end]
        square[...] = np.triu(square) + np.triu(square, 1).T
        matrix[end:, start:end] = matrix[start:end, end:].T
    return matrix
