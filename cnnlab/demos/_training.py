"""Training to watch and to steer: LeNet-5, a learning rate that changes while it runs, curves that grow."""

from dataclasses import dataclass
from functools import cache
from threading import Event, Thread
from time import perf_counter
from typing import Any, ClassVar

import ipywidgets as widgets
import torch
from torch import nn

from cnnlab import data, look, models
from cnnlab.data import Split
from cnnlab.demos._demo import STYLE, WIDTH, Demo
from cnnlab.demos._record import Record, chart
from cnnlab.training import Step, StopTraining, fit

PAUSE = 0.4  # seconds between two pictures of a running training, at least
SHARE = 3  # times as long as a picture takes to draw, training runs before the next one


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
    record.history = fit(
        network(train, settings.seed),
        train,
        validation=validation,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        callbacks=[record.add],
        progress=False,
    )
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
    """A LeNet-5 for these pictures; ``seed`` decides its first weights."""
    channels, height, width = train.images.shape[1:]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return models.build("lenet5", num_classes=len(train.classes), in_channels=channels, input_size=(height, width))


@cache
def example() -> look.Figure:
    """What the demo shows before anything is started: a short run on the digits."""
    return figure(Settings())


class TrainingDemo(Demo):
    """The widgets over a run in a thread of its own; ``thread`` is None while nothing runs."""

    name = "training"
    thread: Thread | None = None
    running: ClassVar["TrainingDemo | None"] = None  # the one that was started last

    def __init__(self, train: Split | None = None, validation: Split | None = None) -> None:
        self.train, self.validation = splits(train, validation)
        _end_the_last_run()  # a cell that is run again makes a new demo, and nobody sees the old one
        self.record = Record()
        self.model: nn.Module | None = None
        self._run, self._stopped = Event(), False
        wide = {"style": STYLE, "layout": widgets.Layout(width=WIDTH)}
        self.rate = widgets.FloatLogSlider(
            Settings.learning_rate, min=-5, max=0, step=0.1, readout_format=".1e", description="learning rate", **wide
        )
        self.batch = widgets.Dropdown(options=[16, 32, 64, 128, 256], value=64, description="batch (pictures)", **wide)
        self.epochs = widgets.BoundedIntText(20, min=1, max=200, description="epochs", **wide)
        room = widgets.Layout(width="106px")
        self.start = widgets.Button(description="Start", icon="play", button_style="primary", layout=room)
        self.pause = widgets.Button(description="Pause", icon="pause", disabled=True, layout=room)
        self.stop = widgets.Button(description="Stop", icon="stop", disabled=True, layout=room)
        self.progress = widgets.FloatProgress(value=0.0, min=0.0, max=1.0, description="progress", **wide)
        buttons = widgets.HBox([self.start, self.pause, self.stop])
        super().__init__([self.rate, self.batch, self.epochs, buttons, self.progress])
        self.start.on_click(self._start)
        self.pause.on_click(self._pause)
        self.stop.on_click(self._stop)
        if train is None:
            self.show(example())
            self.say("An example: 3 epochs on 3,500 digits. Press Start to train a network of your own.")
        else:
            self.redraw()
            self.say("Press Start to train; the learning rate may change while it runs.")

    def draw(self) -> look.Figure:
        """The curves so far."""
        return chart(self.record)

    def close(self, *, seconds: float = 5) -> None:
        """End the run, if there is one, and the widgets; a step that takes longer than ``seconds`` ends on its own."""
        if (thread := self.thread) is not None:
            self._stop(None)
            thread.join(seconds)
        super().close()

    def _start(self, _button: Any) -> None:
        if self.thread is not None:
            return
        _end_the_last_run()  # two at once would only slow each other down
        TrainingDemo.running = self
        self.record, self._stopped = Record(), False
        self._run.set()
        self._switch(running=True)
        self.say("starting …")
        settings = Settings(self.rate.value, self.batch.value, self.epochs.value)
        # A daemon: a kernel that ends does not wait for a run, even for one that pauses.
        self.thread = Thread(target=self._train, args=(settings,), name="training demo", daemon=True)
        self.thread.start()

    def _pause(self, _button: Any) -> None:
        if self.thread is None:
            return
        if self._run.is_set():
            self._run.clear()
            self.pause.description, self.pause.icon = "Resume", "play"
        else:
            self.pause.description, self.pause.icon = "Pause", "pause"
            self._run.set()

    def _stop(self, _button: Any) -> None:
        self._stopped = True
        self._run.set()

    def _train(self, settings: Settings) -> None:
        """The run, in its thread: whatever happens is told in the demo."""
        steer = _Steer(self)
        try:
            self.model = network(self.train, settings.seed)
            self.record.history = fit(
                self.model,
                self.train,
                validation=self.validation,
                epochs=settings.epochs,
                batch_size=settings.batch_size,
                learning_rate=settings.learning_rate,
                seed=settings.seed,
                callbacks=[self.record.add, steer],
                progress=False,
            )
            self.show(self.draw())
            self.progress.value = self.record.done / self.record.epochs
            self.say(self._result())
        except Exception as error:  # noqa: BLE001 - no one else would hear of an error in a thread
            self.say(f"{error} ({type(error).__name__})", error=True)
        finally:
            self.thread = None
            self._switch(running=False)

    def _result(self) -> str:
        history = self.record.history
        over = "stopped" if self._stopped else "finished"
        told = f"{over} after {self.record.done:.3g} of {self.record.epochs} epochs"
        if len(history) and "validation_accuracy" in history:
            told += f"; validation accuracy {100 * float(history['validation_accuracy'].iloc[-1]):.1f} %"
        return told + ". Start begins with a new network."

    def _switch(self, *, running: bool) -> None:
        self.start.disabled = self.batch.disabled = self.epochs.disabled = running
        self.pause.disabled = self.stop.disabled = not running
        self.pause.description, self.pause.icon = "Pause", "pause"


def _end_the_last_run() -> None:
    if (last := TrainingDemo.running) is not None and last.thread is not None:
        last.stop.click()


class _Steer:
    """The callback by which the controls reach a run: learning rate, pause, stop; and which draws now and then."""

    def __init__(self, demo: TrainingDemo) -> None:
        self.demo, self.next = demo, 0.0

    def __call__(self, step: Step) -> None:
        demo = self.demo
        if perf_counter() > self.next or not demo._run.is_set():
            self._draw(step)
        if not demo._run.is_set() and not demo._stopped:
            demo.say(f"paused in epoch {step.epoch} of {step.epochs}, at step {step.step} of {step.steps}")
            demo._run.wait()
        if demo._stopped:
            raise StopTraining
        for group in step.optimizer.param_groups:
            group["lr"] = demo.rate.value  # from the next step on

    def _draw(self, step: Step) -> None:
        started, demo = perf_counter(), self.demo
        demo.show(demo.draw())
        demo.progress.value = demo.record.done / demo.record.epochs
        demo.say(f"epoch {step.epoch} of {step.epochs}, loss {step.loss:.3f}, learning rate {demo.rate.value:.1e}")
        self.next = perf_counter() + max(PAUSE, SHARE * (perf_counter() - started))


def training(train: Split | None = None, validation: Split | None = None) -> TrainingDemo:
    """A demo of training LeNet-5: start, pause, stop, a learning rate that changes while it runs, live curves.

    It trains on the digits, or on ``train`` (pictures of 16×16 pixels or more); ``validation`` is never trained on.
    """
    return TrainingDemo(train, validation)
