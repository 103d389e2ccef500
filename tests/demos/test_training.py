"""The training demo without a front end: its buttons are clicked, its thread ends."""

import threading
import time
from dataclasses import replace

import pytest
import torch

from cnnlab import data, demos
from cnnlab.demos import _training as training
from cnnlab.demos._record import Record, chart

PATIENCE = 120  # seconds: for a machine that does other things


def until(condition) -> None:
    """Wait for the training thread to get there."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "the demo did not get there"
        time.sleep(0.01)


@pytest.fixture
def demo(digits):
    demo = demos.training(digits.train[:256], digits.validation[:64])
    demo.batch.value, demo.epochs.value = 16, 200
    yield demo
    demo.close()
    until(lambda: demo.thread is None)


def test_a_run_ends_with_its_result_and_its_curves(demo):
    empty = demo.picture.value
    demo.epochs.value = 2
    demo.start.click()
    assert demo.start.disabled
    assert demo.batch.disabled
    until(lambda: demo.thread is None)
    assert "finished after 2 of 2 epochs; validation accuracy" in demo.status.value
    assert demo.picture.value != empty
    assert demo.alt.startswith("Training curves after 2 of 2 epochs")
    assert len(demo.record.losses) == 2 * 16
    assert not demo.start.disabled
    assert demo.stop.disabled
    assert demo.progress.value == 1


def test_pause_holds_the_run_and_resume_goes_on(demo):
    demo.start.click()
    until(lambda: len(demo.record.losses) > 3)
    demo.pause.click()
    assert demo.pause.description == "Resume"
    until(lambda: "paused in epoch" in demo.status.value)
    steps = len(demo.record.losses)
    time.sleep(0.3)
    assert len(demo.record.losses) == steps
    demo.pause.click()
    assert demo.pause.description == "Pause"
    until(lambda: len(demo.record.losses) > steps)


@pytest.mark.parametrize("paused", [False, True])
def test_stop_ends_the_run_even_while_it_pauses(demo, paused):
    demo.start.click()
    until(lambda: len(demo.record.losses) > 3)
    if paused:
        demo.pause.click()
        until(lambda: "paused" in demo.status.value)
    demo.stop.click()
    until(lambda: demo.thread is None)
    assert "stopped after" in demo.status.value
    assert len(demo.record.losses) < 200 * 16


def test_the_learning_rate_takes_effect_while_the_run_goes_on(demo):
    demo.start.click()
    until(lambda: len(demo.record.losses) > 3)
    demo.pause.click()
    until(lambda: "paused" in demo.status.value)
    before = {name: value.clone() for name, value in demo.model.state_dict().items()}
    demo.rate.value = 1e-5
    demo.pause.click()
    until(lambda: len(demo.record.history) > 2)
    demo.pause.click()
    until(lambda: "paused" in demo.status.value)
    assert demo.record.history["learning_rate"].iloc[-1] == pytest.approx(1e-5)
    epochs = 16 * (1 + len(demo.record.history))
    for name, value in demo.model.state_dict().items():  # Adam moves no weight further than its rate in a step
        assert (value - before[name]).abs().max() < 10 * 1e-5 * epochs


def test_start_again_begins_with_a_new_network(demo):
    demo.epochs.value = 1
    for _ in range(2):
        demo.start.click()
        until(lambda: demo.thread is None)
        first = demo.record.losses[0]
        assert first == pytest.approx(2.3, abs=0.1)


def test_an_error_stands_in_the_demo(digits):
    images = torch.full((32, 1, 28, 28), float("nan"))
    demo = demos.training(data.Split(images, digits.train.labels[:32], digits.train.classes))
    demo.start.click()
    until(lambda: demo.thread is None)
    assert "This does not work" in demo.status.value
    assert "the loss became nan by step 1 of epoch 1" in demo.status.value
    assert not demo.start.disabled
    demo.close()


def test_closing_ends_the_thread_and_no_thread_can_hold_the_kernel(demo):
    demo.start.click()
    until(lambda: len(demo.record.losses) > 3)
    thread = demo.thread
    assert thread.daemon
    demo.pause.click()
    demo.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert "training demo" not in [thread.name for thread in threading.enumerate()]


def test_a_new_demo_ends_the_run_of_the_last(demo, digits):
    demo.start.click()
    until(lambda: len(demo.record.losses) > 3)
    other = demos.training(digits.train[:256])
    until(lambda: demo.thread is None)
    assert "stopped after" in demo.status.value
    other.close()


def test_the_figure_of_settings_is_that_of_a_whole_run(digits):
    settings = training.Settings(epochs=1, batch_size=32)
    parts = {"train": digits.train[:320], "validation": digits.validation[:100]}
    figure = training.figure(settings, **parts)
    assert figure.alt.startswith("Training curves after 1 of 1 epochs: the loss of a batch goes from 2.")
    assert training.figure(settings, **parts).alt == figure.alt
    assert training.figure(replace(settings, seed=1), **parts).alt != figure.alt


def test_validation_pictures_alone_are_refused(digits):
    with pytest.raises(ValueError, match="pass train as well"):
        demos.training(validation=digits.validation)


def test_thousands_of_steps_are_drawn_as_means():
    losses = [2.0] * 600 + [1.0] * 600
    figure = chart(Record(losses=losses, steps=600, epochs=2))
    line = figure.axes[0].lines[0]
    assert len(line.get_xdata()) <= 300
    assert line.get_xdata()[-1] == 2
    assert set(line.get_ydata()) == {1.0, 2.0}


def test_nothing_trained_yet_is_a_figure_too():
    assert "nothing trained yet" in chart(Record()).alt
