"""The same LeNet-5, trained by seven libraries' own means: the call that their documentation shows first.

Each takes uint8 pictures (N, 1, 28, 28), labels, the number of epochs and a seed; trains with Adam at 0.001, batch
64 and shuffling; and returns a function from uint8 pictures to predicted classes.
"""

import logging
import os
import warnings
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import cnnlab
from cnnlab import data, models

RATE, BATCH = 1e-3, 64
Classifier = Callable[[Tensor], Tensor]
Contender = Callable[[Tensor, Tensor, int, int], Classifier]


def _network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return models.build("lenet5")


def _classifier(model: nn.Module) -> Classifier:
    @torch.no_grad()
    def classify(images: Tensor) -> Tensor:
        return model.eval()(data.to_float(images)).argmax(dim=1)

    return classify


def plain_loop(images: Tensor, labels: Tensor, epochs: int, seed: int) -> Classifier:
    """The loop of every tutorial, on tensors that were scaled beforehand."""
    model = _network(seed)
    optimizer, criterion = torch.optim.Adam(model.parameters(), RATE), nn.CrossEntropyLoss()
    pictures = data.to_float(images)
    for _ in range(epochs):
        model.train()
        for chosen in torch.randperm(len(pictures)).split(BATCH):
            optimizer.zero_grad()
            loss = criterion(model(pictures[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
    return _classifier(model)


def cnnlab_fit(images: Tensor, labels: Tensor, epochs: int, seed: int) -> Classifier:
    """``cnnlab.fit`` with its defaults but for the progress table."""
    model = _network(seed)
    cnnlab.fit(
        model, data.Split(images, labels, tuple("0123456789")), epochs=epochs, seed=seed, progress=False, device="cpu"
    )
    return _classifier(model)


def torchvision_way(images: Tensor, labels: Tensor, epochs: int, seed: int) -> Classifier:
    """torchvision's way: PIL pictures, transforms, a DataLoader."""
    from PIL import Image
    from torchvision.transforms import v2

    transform = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.5])])

    class Pictures(torch.utils.data.Dataset):
        def __init__(self) -> None:
            self.pictures = [Image.fromarray(image[0].numpy()) for image in images]

        def __len__(self) -> int:
            return len(self.pictures)

        def __getitem__(self, index: int) -> tuple[Tensor, int]:
            return transform(self.pictures[index]), int(labels[index])

    model = _network(seed)
    optimizer, criterion = torch.optim.Adam(model.parameters(), RATE), nn.CrossEntropyLoss()
    loader = DataLoader(Pictures(), BATCH, shuffle=True)
    for _ in range(epochs):
        model.train()
        for batch, truth in loader:
            optimizer.zero_grad()
            criterion(model(batch), truth).backward()
            optimizer.step()
    return _classifier(model)


def lightning(images: Tensor, labels: Tensor, epochs: int, seed: int) -> Classifier:
    """A LightningModule and a Trainer, without logger and checkpoints."""
    import lightning

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Lit(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = _network(seed)

        def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
            return F.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), RATE)

    lit = Lit()
    trainer = lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(lit, DataLoader(TensorDataset(data.to_float(images), labels), BATCH, shuffle=True))
    return _classifier(lit.model)


def fastai(images: Tensor, labels: Tensor, epochs: int, seed: int) -> Classifier:
    """fastai's Learner on its DataLoader, with a constant learning rate and no validation, as the others."""
    from fastai.callback.core import Callback, CancelValidException
    from fastai.callback.progress import ProgressCallback
    from fastai.data.core import DataLoaders
    from fastai.data.load import DataLoader as FastLoader
    from fastai.learner import Learner
    from fastai.optimizer import Adam

    class NoValidation(Callback):
        def before_validate(self) -> None:
            raise CancelValidException

    model = _network(seed)
    dataset = list(zip(data.to_float(images), labels, strict=True))
    loader = FastLoader(dataset, bs=BATCH, shuffle=True, num_workers=0)
    learner = Learner(
        DataLoaders(loader, loader), model, loss_func=nn.CrossEntropyLoss(), opt_func=Adam, wd=0.0, cbs=NoValidation()
    )
    learner.remove_cb(ProgressCallback)
    with learner.no_logging():
        learner.fit(epochs, lr=RATE)
    return _classifier(model)


def keras(images: Tensor, labels: Tensor, epochs: int, seed: int) -> Classifier:
    """Keras 3 on torch: its own layers, compile and fit."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(RATE), loss)

    def pictures(batch: Tensor) -> np.ndarray:
        return data.to_float(batch).permute(0, 2, 3, 1).numpy()

    model.fit(pictures(images), labels.numpy(), batch_size=BATCH, epochs=epochs, verbose=0)
    return lambda batch: torch.as_tensor(np.asarray(model.predict(pictures(batch), verbose=0)).argmax(axis=1))


def skorch(images: Tensor, labels: Tensor, epochs: int, seed: int) -> Classifier:
    """skorch's scikit-learn estimator, without its internal validation."""
    from skorch import NeuralNetClassifier

    model = _network(seed)
    net = NeuralNetClassifier(
        model,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=RATE,
        batch_size=BATCH,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    net.fit(data.to_float(images), labels)
    return _classifier(net.module_)


CONTENDERS: dict[str, Contender] = {
    "plain loop": plain_loop,
    "cnnlab.fit": cnnlab_fit,
    "torchvision, PIL": torchvision_way,
    "Lightning": lightning,
    "fastai": fastai,
    "Keras on torch": keras,
    "skorch": skorch,
}
warnings.filterwarnings("ignore", module=r"(lightning|fastai|keras|skorch)")
