"""The cells that the detector predicts from: numbers that its forms for torch and for TensorFlow share."""

from __future__ import annotations

STRIDES = (8, 16, 32)
"""Pixels of the input per cell, for each of the three levels."""
WIDEST = 4.6
"""Cap of the logarithm of a predicted distance in strides (about 100 strides)."""
