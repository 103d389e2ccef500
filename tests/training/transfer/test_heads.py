"""Heads: what they compute, and that scikit-learn's learn from the features what scikit-learn learns from them."""

import pytest
import torch
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC
from torch import nn

import cnnlab
from cnnlab import data, models
from cnnlab.training import features, transfer
from cnnlab.training.transfer_learning.heads import CLASSIFIERS, Estimator, linear, mlp


@pytest.fixture(scope="module")
def split() -> data.Split:
    labels = torch.arange(60) % 3
    noise = torch.randint(0, 60, (60, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    return data.Split((noise + 80 * labels[:, None, None, None]).to(torch.uint8), labels, ("dark", "grey", "bright"))


@pytest.fixture(scope="module")
def source() -> nn.Module:
    torch.manual_seed(0)
    return models.build("resnet20").eval()


@pytest.mark.parametrize("head", ["linear", "mlp", "average", *CLASSIFIERS])
def test_every_head_learns_on_the_features_and_classifies_pictures(source, split, head):
    result = transfer(source, split[:45], head=head, epochs=150, learning_rate=0.03, progress=False)
    assert cnnlab.evaluate(result.network.model, split[45:]).accuracy > 0.9
    assert result.history.train_accuracy.iloc[-1] > 0.9


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_of_scikit_learn_predicts_what_it_predicts_by_itself(source, split, name):
    model = transfer(source, split[:45], head=name, progress=False).network.model
    inputs = [features(source, "classifier.fc", part).images.numpy() for part in (split[:45], split[45:])]
    alone = CLASSIFIERS[name]().fit(inputs[0], split.labels[:45].numpy()).predict(inputs[1])
    assert cnnlab.predict(model, split[45:], precision="float32").argmax(dim=1).tolist() == alone.tolist()


def test_a_classifier_of_the_students_own_and_one_of_two_classes(source, split):
    model = transfer(source, split, head=GaussianNB(), progress=False).network.model
    assert cnnlab.evaluate(model, split).accuracy > 0.9
    head = Estimator(SVC(), classes=2)
    x = torch.cat([torch.randn(9, 4) - 3, torch.randn(9, 4) + 3])
    head.fit_features(x, torch.arange(18) // 9)
    assert head(x).argmax(dim=1).tolist() == [0] * 9 + [1] * 9


def test_a_class_without_a_picture_gets_the_lowest_logit():
    head = Estimator(CLASSIFIERS["random_forest"](), classes=4)
    head.fit_features(torch.eye(3).repeat(4, 1), torch.tensor([0, 1, 3] * 4))
    assert head(torch.eye(3)).argmin(dim=1).tolist() == [2, 2, 2]


def test_a_new_last_layer_is_like_the_old_one():
    assert linear(nn.Linear(8, 1000, bias=False), 3).bias is None
    head = linear(nn.Conv2d(8, 1000, 1), 3)
    assert head(torch.zeros(1, 8, 5, 5)).shape == (1, 3, 5, 5)
    with pytest.raises(ValueError, match="an MLP takes the place of a linear layer"):
        mlp(nn.Conv2d(8, 1000, 1), 3)


def test_a_network_that_ends_in_a_convolution_is_trained_through_its_frozen_layers(split):
    torch.manual_seed(0)
    nin = models.small("nin", num_classes=10)
    network, history = transfer(nin, split, epochs=2, progress=False)
    assert history.train_loss.iloc[-1] < history.train_loss.iloc[0]
    frozen = [not p.requires_grad for p in network.model.parameters()]
    assert frozen == [True] * (len(frozen) - 2) + [False] * 2
