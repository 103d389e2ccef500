"""Predictions in a lecture: a guess is written before a cell runs, and stands beside the answer after it."""

import json
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from cnnlab.files import atomic

KEPT = Path("predictions.json")  # beside the notebook, so that a restarted kernel still has the guesses
UNANSWERED = "no guess yet"


class Prediction(widgets.VBox):
    """A question with a field for the guess, or with ``choices`` to choose from; `answer` compares.

    The guess is kept in ``predictions.json`` beside the notebook. Where no widget can be shown (an exported page, a
    saved notebook, a terminal), the question stands alone and the answer is folded.

    Raises:
        ValueError: for an empty question, or a single choice.

    >>> prediction = Prediction("Height and width after a 5×5 convolution with stride 2 on 28×28 pixels?")
    >>> prediction.answer((12, 12), "⌊(28 − 5) / 2⌋ + 1 = 12")
    your guess: no guess yet · answer: (12, 12) · ⌊(28 − 5) / 2⌋ + 1 = 12
    """

    def __init__(self, question: str, *, choices: tuple[str, ...] = ()) -> None:
        if not question.strip() or len(choices) == 1:
            raise ValueError(f"a prediction needs a question and no choices or several, got {question!r}, {choices}")
        self.question = question
        kept = _kept().get(question, "")
        wide = widgets.Layout(width="min(100%, 420px)")
        if choices:
            self.field = widgets.RadioButtons(options=choices, value=kept if kept in choices else None, layout=wide)
        else:
            self.field = widgets.Text(value=kept, placeholder="your guess", layout=wide, continuous_update=False)
        self.field.observe(self._keep, "value")
        super().__init__([widgets.HTML(f"<b>Predict.</b> {escape(question)}"), self.field])

    @property
    def guess(self) -> str:
        """What was written or chosen; empty if nothing was."""
        return (self.field.value or "").strip()

    def answer(self, value: object, why: str = "") -> "Answer":
        """The answer, to be shown beside the guess; without a guess it is folded."""
        return Answer(self.guess, value, why)

    def _keep(self, _change: object) -> None:
        kept = {**_kept(), self.question: self.guess}
        with atomic(KEPT) as draft:
            draft.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")

    def __repr__(self) -> str:
        return f"Predict. {self.question}"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**options) or {}
        return bundle | {"text/html": f"<p><b>Predict.</b> {escape(self.question)}</p>", "text/plain": repr(self)}


class Answer:
    """An answer beside the guess that was made before; made by `Prediction.answer`."""

    def __init__(self, guess: str, value: object, why: str) -> None:
        self.guess, self.value, self.why = guess, value, why

    def __repr__(self) -> str:
        parts = [f"your guess: {self.guess or UNANSWERED}", f"answer: {self.value}", self.why]
        return " · ".join(filter(None, parts))

    def _repr_html_(self) -> str:
        render = getattr(self.value, "_repr_html_", None)  # a table, a figure
        answer = render() if render else f"<b>{escape(str(self.value))}</b>"
        why = f"<p>{escape(self.why)}</p>" if self.why else ""
        if not self.guess:
            return f"<details><summary>Answer</summary>{answer}{why}</details>"
        return (
            '<div style="display:flex;flex-wrap:wrap;gap:2em"><div><small>your guess</small><br>'
            f"{escape(self.guess)}</div><div><small>answer</small><br>{answer}{why}</div></div>"
        )


def _kept() -> dict[str, str]:
    """The guesses in the notebook's folder; none from a file that is missing or damaged."""
    try:
        kept = json.loads(KEPT.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(kept, dict):
        return {}
    return {question: guess for question, guess in kept.items() if isinstance(guess, str)}
