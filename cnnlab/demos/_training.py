"""Training LeNet-5 with live curves: start, pause, stop, and a learning rate that can change during the run."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from threading import Event, Thread
from time import perf_counter
from typing import Any, ClassVar

import ipywidgets as widgets
import pandas as pd
import torch
from torch import nn

from cnnlab import data, look, models
from cnnlab.data import Split
from cnnlab.demos._demo import WIDE, Demo
from cnnlab.demos._record import Record, chart
from cnnlab.training import Step, StopTraining, fit

PAUSE, RESUME = ("Pause", "pause"), ("Resume", "play")  # text and icon of a button
BETWEEN = 0.4  # seconds between two drawings of a running training, at least
SHARE = 3  # times as long as a drawing takes, training runs before the next one


@dataclass(frozen=True)
class Settings:
    """A training run."""

    learning_rate: float = 1e-3
    batch_size: int = 64
    epochs: int = 3
    seed: int = 0


def figure(settings: Settings, *, train: Split | None = None, validation: Split | None = None) -> look.Figure:
    """The curves of a whole run of LeNet-5, on digits unless other pictures are given.

    Raises:
        ValueError: for settings that `cnnlab.fit` refuses.
        FloatingPointError: if the loss becomes NaN or infinite.
    """
    train, validation = splits(train, validation)
    record = Record()
    record.history = run(network(train, settings.seed), train, validation, settings, [record.add])
    return chart(record)


def splits(train: Split | None, validation: Split | None) -> tuple[Split, Split | None]:
    """The given parts, or the digits."""
    if train is not None:
        return train, validation
    if validation is not None:
        raise ValueError("a validation split needs a training split of the same kind: pass train as well")
    digits = data.digits()
    return digits.train, digits.validation


def network(train: Split, seed: int) -> nn.Module:
    """A LeNet-5 for these pictures; ``seed`` decides its initial weights."""
    channels, *size = train.images.shape[1:]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return models.build("lenet5", num_classes=len(train.classes), in_channels=channels, input_size=tuple(size))


def run(
    model: nn.Module,
    train: Split,
    validation: Split | None,
    settings: Settings,
    callbacks: Sequence[Callable[[Step], None]],
) -> pd.DataFrame:
    """Train ``model``; returns its history."""
    return fit(model, train, validation=validation, callbacks=callbacks, progress=False, **asdict(settings))


@cache
def example() -> look.Figure:
    """The figure before anything is started: a short run on the digits."""
    return figure(Settings())


class TrainingDemo(Demo):
    """The widgets over a run in its own thread; ``thread`` is None while nothing runs."""

    name = "training"
    thread: Thread | None = None
    running: ClassVar["TrainingDemo | None"] = None  # the one that was started last

    def __init__(self, train: Split | None = None, validation: Split | None = None) -> None:
        self.train, self.validation = splits(train, validation)
        _stop_last_run()  # running a cell again makes a new demo, and the old one is no longer visible
        self.record = Record()
        self.model: nn.Module | None = None
        self._run, self._stopped, self._next_drawing = Event(), False, 0.0
        self.rate = widgets.FloatLogSlider(
            Settings.learning_rate, min=-5, max=0, step=0.1, readout_format=".1e", description="learning rate", **WIDE
        )
        self.batch = widgets.Dropdown(options=[16, 32, 64, 128, 256], value=64, description="batch (pictures)", **WIDE)
        self.epochs = widgets.BoundedIntText(20, min=1, max=200, description="epochs", **WIDE)
        room = {"width": "106px"}
        self.start = widgets.Button(description="Start", icon="play", button_style="primary", layout=room)
        self.pause = widgets.Button(layout=room)
        self.stop = widgets.Button(description="Stop", icon="stop", layout=room)
        self._enable(running=False)
        self.progress = widgets.FloatProgress(value=0.0, min=0.0, max=1.0, description="progress", **WIDE)
        buttons = widgets.HBox([self.start, self.pause, self.stop])
        super().__init__([self.rate, self.batch, self.epochs, buttons, self.progress])
        self.start.on_click(self._start)
        self.pause.on_click(self._pause)
        self.stop.on_click(self._stop)
        self.show(example() if train is None else self.draw())
        text = "An example: 3 epochs on 3,500 digits. " if train is None else ""
        self.say(text + "Press Start to train a new network; the learning rate can be changed during the run.")

    def draw(self) -> look.Figure:
        """The curves so far."""
        return chart(self.record)

    def close(self, *, seconds: float = 5) -> None:
        """End the run, if there is one, and the widgets; wait at most ``seconds`` for the running step."""
        if (thread := self.thread) is not None:
            self._stop(None)
            thread.join(seconds)
        super().close()

    def _start(self, _button: Any) -> None:
        if self.thread is not None:
            return
        _stop_last_run()  # two at once would slow each other down
        TrainingDemo.running = self
        self.record, self._stopped, self._next_drawing = Record(), False, 0.0
        self._run.set()
        self._enable(running=True)
        self.say("starting …")
        settings = Settings(self.rate.value, self.batch.value, self.epochs.value)
        # A daemon thread: a kernel that shuts down does not wait for a run, even for a paused one.
        self.thread = Thread(target=self._train, args=(settings,), name="training demo", daemon=True)
        self.thread.start()

    def _pause(self, _button: Any) -> None:
        if self.thread is None:
            return
        if self._run.is_set():
            self._run.clear()
            self.pause.description, self.pause.icon = RESUME
        else:
            self.pause.description, self.pause.icon = PAUSE
            self._run.set()

    def _stop(self, _button: Any) -> None:
        self._stopped = True
        self._run.set()

    def _train(self, settings: Settings) -> None:
        """The run, in its thread; its result or its error is shown in the demo."""
        try:
            self.model = network(self.train, settings.seed)
            callbacks = [self.record.add, self._step]
            self.record.history = run(self.model, self.train, self.validation, settings, callbacks)
            self._show_curves()
            self.say(self._result())
        except Exception as error:  # noqa: BLE001 - an error in a thread is shown nowhere else
            self.say(f"{error} ({type(error).__name__})", error=True)
        finally:
            self.thread = None
            self._enable(running=False)

    def _step(self, step: Step) -> None:
        """Apply the controls to the run, in its thread, and draw its curves from time to time."""
        if perf_counter() > self._next_drawing or not self._run.is_set():
            started = perf_counter()
            self._show_curves()
            self.say(f"epoch {step.epoch} of {step.epochs}, loss {step.loss:.3f}, learning rate {self.rate.value:.1e}")
            self._next_drawing = perf_counter() + max(BETWEEN, SHARE * (perf_counter() - started))
        if not self._run.is_set() and not self._stopped:
            self.say(f"paused in epoch {step.epoch} of {step.epochs}, at step {step.step} of {step.steps}")
            self._run.wait()
        if self._stopped:
            raise StopTraining
        for group in step.optimizer.param_groups:
            group["lr"] = self.rate.value  # from the next step on

    def _show_curves(self) -> None:
        self.show(self.draw())
        self.progress.value = self.record.done / self.record.epochs

    def _result(self) -> str:
        history = self.record.history
        over = "stopped" if self._stopped else "finished"
        text = f"{over} after {self.record.done:.3g} of {self.record.epochs} epochs"
        if len(history) and "validation_accuracy" in history:
            text += f"; validation accuracy {100 * float(history['validation_accuracy'].iloc[-1]):.1f} %"
        return text + ". Start begins with a new network."

    def _enable(self, *, running: bool) -> None:
        self.start.disabled = self.batch.disabled = self.epochs.disabled = running
        self.pause.disabled = self.stop.disabled = not running
        self.pause.description, self.pause.icon = PAUSE


def _stop_last_run() -> None:
    if (last := TrainingDemo.running) is not None and last.thread is not None:
        last.stop.click()


def training(train: Split | None = None, validation: Split | None = None) -> TrainingDemo:
    """A demo of training LeNet-5: start, pause, stop, a learning rate that can change during the run, live curves.

    It trains on the digits, or on ``train`` (pictures of at least 16×16 pixels), and never on ``validation``.
    """
    return TrainingDemo(train, validation)
