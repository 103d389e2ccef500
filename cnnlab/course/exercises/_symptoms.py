"""What a wrong answer looks like: the first place that differs, and the likely slip, without the answer itself."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

NOTHING = "nothing was returned or set"
LONGEST = 160  # characters of a value or a message that a line shows


def symptom(value: Any, expected: Any, tolerance: float, slips: Mapping[str, Any]) -> str:
    """How ``value`` differs from ``expected``; empty if it does not, within a ``tolerance`` for floats.

    ``slips`` are wrong answers by what leads to them: one that ``value`` equals is named.

    >>> symptom(11, 10, 0, {"the bias is counted": 11})
    'gives 11, which is too large: the bias is counted?'
    >>> symptom(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 3.0], [2.0, 4.0]]), 1e-5, {})
    'differs in 2 of 4 values, first at [0, 1]; rows and columns are exchanged?'
    """
    found = _difference(value, expected, tolerance)
    if not found:
        return ""
    for slip, wrong in slips.items():
        if not _difference(value, wrong, tolerance):
            return f"{found}: {slip}?"
    return found


def shortened(text: str) -> str:
    """A text in one line of at most ``LONGEST`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _difference(value: Any, expected: Any, tolerance: float) -> str:
    if value is None and expected is not None:
        return f"gives None: {NOTHING}"
    if hasattr(expected, "columns"):  # a DataFrame
        return _table_difference(value, expected, tolerance)
    if hasattr(expected, "shape"):
        return _array_difference(value, expected, tolerance)
    if _number(expected) and getattr(value, "ndim", None) == 0:
        value = value.item()  # a tensor or a NumPy scalar
    if _number(expected) and _number(value):
        return _number_difference(value, expected, tolerance)
    if isinstance(expected, Mapping) and isinstance(value, Mapping):
        return _mapping_difference(value, expected, tolerance)
    if isinstance(expected, list | tuple) and isinstance(value, list | tuple):
        return _sequence_difference(value, expected, tolerance)
    return "" if value == expected else f"gives {shortened(repr(value))}"


def _number_difference(value: float, expected: float, tolerance: float) -> str:
    whole = isinstance(value, int) and isinstance(expected, int)
    if value == expected if whole else math.isclose(value, expected, rel_tol=tolerance, abs_tol=tolerance):
        return ""
    if math.isnan(value):
        return "gives NaN"
    return f"gives {value if whole else f'{value:.6g}'}, which is too {'large' if value > expected else 'small'}"


def _mapping_difference(value: Mapping[Any, Any], expected: Mapping[Any, Any], tolerance: float) -> str:
    for key in expected:
        if key not in value:
            return f"has no entry {key!r}"
        if found := _difference(value[key], expected[key], tolerance):
            return f"entry {key!r} {found}"
    more = [key for key in value if key not in expected]
    return f"has an entry too many, {more[0]!r}" if more else ""


def _sequence_difference(value: Sequence[Any], expected: Sequence[Any], tolerance: float) -> str:
    if len(value) != len(expected):
        return f"gives {shortened(repr(value))}, which has {len(value)} entries: too {_few(value, expected)}"
    for number, (ours, theirs) in enumerate(zip(value, expected, strict=True), start=1):
        if found := _difference(ours, theirs, tolerance):
            return f"gives {shortened(repr(value))}, whose entry {number} {found}"
    return ""


def _table_difference(value: Any, expected: Any, tolerance: float) -> str:
    if not hasattr(value, "columns"):
        return f"gives {shortened(repr(value))}, which is no table"
    missing = [column for column in expected.columns if column not in value.columns]
    if missing:
        return f"has no column {missing[0]!r}"
    if len(value) != len(expected):
        return f"has {len(value)} rows: too {_few(value, expected)}"
    for column in expected.columns:
        pairs = list(zip(value[column], expected[column], strict=True))
        found = {row: text for row, pair in enumerate(pairs) if (text := _difference(*pair, tolerance))}
        rows = list(found)
        if len(rows) == 2:
            ours, theirs = zip(*(pairs[row] for row in rows), strict=True)
            if not _difference(ours[::-1], theirs, tolerance):
                return f"rows {rows[0] + 1} and {rows[1] + 1} of column {column!r} are exchanged"
        if rows:
            return f"row {rows[0] + 1} of column {column!r} {found[rows[0]]}"
    return ""


def _array_difference(value: Any, expected: Any, tolerance: float) -> str:
    if not hasattr(value, "shape"):
        return f"gives {shortened(repr(value))}, which has no shape"
    ours, theirs = _array(value), _array(expected)
    if ours.shape != theirs.shape:
        order = ": the right sides in another order" if sorted(ours.shape) == sorted(theirs.shape) else ""
        return f"gives the shape {ours.shape}{order}"
    if np.isnan(ours).any() and not np.isnan(theirs).any():
        return "has the right shape, and NaN among its values"
    wrong = ~np.isclose(ours, theirs, rtol=tolerance, atol=tolerance, equal_nan=True)
    if not wrong.any():
        return ""
    first = [int(index) for index in np.argwhere(wrong)[0]] if ours.ndim else []
    where = f", first at {first}" if first else ""
    slip = _slip(ours, theirs, wrong, tolerance)
    return f"differs in {wrong.sum():,} of {wrong.size:,} values{where}{f'; {slip}?' if slip else ''}"


def _slip(ours: np.ndarray, theirs: np.ndarray, wrong: np.ndarray, tolerance: float) -> str:
    """The usual mistake that turns what is expected into the answer, if one does."""

    def equal(changed: np.ndarray, to: np.ndarray = ours) -> bool:
        return changed.shape == to.shape and np.allclose(to, changed, rtol=tolerance, atol=tolerance)

    changes = {"the sign is wrong": -theirs, "negative values are cut to zero": np.maximum(theirs, 0)}
    if ours.ndim >= 2:
        changes |= {
            "rows and columns are exchanged": theirs.swapaxes(-1, -2),
            "it is flipped left to right": theirs[..., ::-1],
            "it is flipped upside down": theirs[..., ::-1, :],
            "it is rotated by half a turn": theirs[..., ::-1, ::-1],
        }
    for slip, changed in changes.items():
        if equal(changed):
            return slip
    if equal(np.maximum(ours, 0), to=theirs):
        return "a ReLU is missing"
    inside = wrong[..., 1:-1, 1:-1] if ours.ndim >= 2 else wrong
    if inside.size and not inside.any():
        return "only the border is wrong: the padding"
    if wrong.size > 1:
        offset, factor = ours - theirs, ours[theirs != 0] / theirs[theirs != 0]
        if np.allclose(offset, offset.flat[0], rtol=1e-3, atol=tolerance):
            return "every value is off by the same number"
        if factor.size and equal(theirs * factor[0]):
            return "every value is multiplied by the same number"
    return ""


def _array(values: Any) -> np.ndarray:
    if hasattr(values, "detach"):  # a tensor, perhaps one that wants gradients
        values = values.detach().cpu()
    return np.asarray(values, dtype=np.float64)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _few(value: Sequence[Any], expected: Sequence[Any]) -> str:
    return "few" if len(value) < len(expected) else "many"
