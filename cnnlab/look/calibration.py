"""The calibration curve: accuracy against confidence."""

from collections.abc import Mapping

from cnnlab.evaluation import Report, calibration_curve, calibration_error
from cnnlab.look.figure import Figure
from cnnlab.look.theme import COLOURS, MARKERS, SMALL, label_axes, percent


def calibration(reports: Report | Mapping[str, Report], *, bins: int = 10, level: float = 0.95) -> Figure:
    """The calibration curve of a network with its band, or those of several by name.

    The predictions are divided into ``bins`` of confidence. A point is the accuracy of a bin over its mean confidence,
    the band its Wilson interval at the ``level``, and bars below count the pictures. On the dashed line, a network
    would be as often right as it says. Guo et al. 2017, arXiv:1706.04599, figure 1.

    Raises:
        ValueError: without a report, or for more than 7.

    >>> import torch
    >>> report = Report(torch.tensor([[0.0, 1.0], [3.0, 0.0]]), torch.tensor([1, 0]), ("cat", "dog"))
    >>> calibration(report)
    <Figure: Calibration: accuracy against confidence. Expected calibration error 15.8 %>
    """
    named = reports if isinstance(reports, Mapping) else {"": reports}
    if not 1 <= len(named) <= len(COLOURS):
        raise ValueError(f"calibration draws 1 to {len(COLOURS)} networks, got {len(named)}")
    errors = [f"{name} {percent(calibration_error(report, bins=bins))}".strip() for name, report in named.items()]
    alt = f"Calibration: accuracy against confidence. Expected calibration error {', '.join(errors)}"
    figure = Figure((4.6, 4.6), alt=alt)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    label_axes(above, title="Calibration", y="accuracy (%)", grid=True)
    label_axes(below, x="confidence (%)", y="pictures", grid=True)
    above.plot([0, 100], [0, 100], "--", color="0.4", linewidth=1, label="calibrated")
    for place, (name, report) in enumerate(named.items()):
        curve = calibration_curve(report, bins=bins, level=level)
        there = curve.dropna()
        style = {"color": COLOURS[place], "marker": MARKERS[place]}
        confidence = 100 * there.confidence
        above.plot(confidence, 100 * there.accuracy, **style, markersize=5, linewidth=1.5, label=name or "network")
        above.fill_between(confidence, 100 * there.low, 100 * there.high, color=COLOURS[place], alpha=0.15, linewidth=0)
        below.stairs(curve.pictures, [*(100 * curve.above), 100], color=COLOURS[place], linewidth=1.5)
    above.set(xlim=(0, 100), ylim=(0, 100))
    above.legend(fontsize=SMALL, frameon=False, loc="lower right")
    return figure
