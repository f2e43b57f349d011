"""Colours of charts and maps stay apart for colour-blind eyes, and signs stay readable on their squares.

Simulation: Machado, Oliveira and Fernandes (2009), severity 1.0, in linear RGB; distance: CIE 1976.
"""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from banwatch.pages.figures.marks import MARKS
from banwatch.pages.figures.svg import INK, PAPER, SOFT_INK
from banwatch.pages.wording.ladder import Rung

Colour = npt.NDArray[np.float64]
EYES = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
LEAST_APART = 20.0
"""Distance between a colour that accuses and one that does not: twice what is told apart at a glance."""
LEAST_DIFFERENT = 2.0
"""Distance between any two colours, which also differ in their shapes."""
TEXT_CONTRAST, SHAPE_CONTRAST = 4.5, 3.0
"""Ratios that WCAG 2.2 asks of text, and of shapes."""


def linear(colour: str) -> Colour:
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: Colour) -> Colour:
    matrix = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = (matrix @ np.clip(rgb, 0, 1)) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: str, other: str, eye: str) -> float:
    return float(np.linalg.norm(lab(EYES[eye] @ linear(one)) - lab(EYES[eye] @ linear(other))))


def contrast(one: str, other: str) -> float:
    light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) + 0.05 for colour in (one, other))
    return light[1] / light[0]


@pytest.mark.parametrize("eye", EYES)
def test_what_accuses_never_looks_like_what_does_not(eye: str) -> None:
    for one, other in combinations(Rung, 2):
        least = LEAST_APART if one.accuses != other.accuses else LEAST_DIFFERENT
        apart = distance(MARKS[one].fill, MARKS[other].fill, eye)
        assert apart >= least, (eye, one.value, other.value, round(apart, 1))


def test_the_measure_finds_what_it_is_for() -> None:
    assert distance("#2f9e44", "#2f9e44", "normal") == 0
    assert distance("#51cf66", "#f03e3e", "deuteranopia") < distance("#51cf66", "#f03e3e", "normal") / 2
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_shapes_and_texts_can_be_read() -> None:
    for rung, mark in MARKS.items():
        if mark.shape:
            assert contrast(mark.fill, mark.ink) >= SHAPE_CONTRAST, rung
    assert contrast(INK, PAPER) >= TEXT_CONTRAST
    assert contrast(SOFT_INK, PAPER) >= TEXT_CONTRAST
