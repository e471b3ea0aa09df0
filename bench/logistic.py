"""Fits the small linear models of the guards: logistic regression with an L2 penalty and bounds, by Adam."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
STEPS: Final = 4000
RATE: Final = 0.02
START: Final = -4.0
"""The bias before the first step: most texts are harmless."""


def fit(
    matrix: Numbers, labels: Numbers, sizes: Numbers, *, bounds: tuple[Numbers, Numbers], penalty: float
) -> Numbers:
    """Return the weights, the bias last.

    `matrix` has a row per text and a column per feature, then one of ones; `labels` are 0 or 1, `sizes` say how much a
    text counts, `bounds` hold the lowest and the highest weight of each column. The bias is not penalised.
    """
    lowest, highest = bounds
    penalties = np.array([penalty] * (matrix.shape[1] - 1) + [0.0])
    weights, mean, square = np.zeros(matrix.shape[1]), np.zeros(matrix.shape[1]), np.zeros(matrix.shape[1])
    weights[-1] = START
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-(matrix @ weights)))
        slope = matrix.T @ (sizes * (likely - labels)) + penalties * weights
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        weights = np.clip(weights - RATE * mean / (np.sqrt(square) + 1e-8), lowest, highest)
    return weights
