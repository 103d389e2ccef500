"""A guess is kept, and stands beside the answer; without one the answer is folded."""

import json

import pandas as pd
import pytest

from cnnlab.course import Prediction

QUESTION = "Height after a 5×5 convolution with stride 2 on 28 pixels?"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_without_a_guess_the_answer_is_folded():
    html = Prediction(QUESTION).answer(12, "⌊(28 − 5) / 2⌋ + 1")._repr_html_()
    assert html.startswith("<details>")
    assert html.index("<summary>") < html.index("12")


def test_a_guess_stands_beside_the_answer():
    prediction = Prediction(QUESTION)
    prediction.field.value = " 13 "
    html = prediction.answer(12)._repr_html_()
    assert "<details>" not in html
    assert html.index("13") < html.index("<b>12</b>")


def test_a_guess_outlives_the_kernel():
    Prediction(QUESTION).field.value = "13"
    Prediction("Another?").field.value = "yes"
    assert Prediction(QUESTION).guess == "13"
    assert Prediction("Another?").guess == "yes"


def test_nothing_is_written_before_there_is_a_guess(tmp_path):
    Prediction(QUESTION).answer(12)
    assert list(tmp_path.iterdir()) == []


def test_a_choice_is_kept_and_one_that_is_gone_is_not():
    Prediction("Which?", choices=("plain", "residual")).field.value = "residual"
    assert Prediction("Which?", choices=("plain", "residual")).guess == "residual"
    assert Prediction("Which?", choices=("deep", "shallow")).guess == ""


@pytest.mark.parametrize("text", ["no JSON", "[]", json.dumps({QUESTION: 3})])
def test_a_damaged_file_of_guesses_is_replaced(tmp_path, text):
    (tmp_path / "predictions.json").write_text(text)
    prediction = Prediction(QUESTION)
    assert prediction.guess == ""
    prediction.field.value = "12"
    assert Prediction(QUESTION).guess == "12"


def test_html_in_a_guess_is_text():
    prediction = Prediction("<i>Which?</i>")
    prediction.field.value = "<script>"
    assert "<script>" not in prediction.answer("<b>")._repr_html_()
    assert "<i>" not in prediction._repr_mimebundle_()["text/html"]


def test_a_table_is_shown_as_a_table():
    assert "<table" in Prediction(QUESTION).answer(pd.DataFrame({"height": [12]}))._repr_html_()


@pytest.mark.parametrize(("question", "choices"), [("", ()), ("Which?", ("only",))])
def test_a_question_needs_words_and_a_choice_needs_two(question, choices):
    with pytest.raises(ValueError, match="a prediction needs"):
        Prediction(question, choices=choices)
