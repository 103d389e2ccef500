from contextlib import nullcontext

import pytest
import torch
from PIL import Image

from cnnlab import data


def numbered(count):
    images = torch.arange(count, dtype=torch.uint8).reshape(count, 1, 1, 1)
    return data.Split(images, torch.zeros(count, dtype=torch.int64), ("all",))


def values(feed):
    return [((images * 127.5) + 127.5).round().flatten().int().tolist() for images, _ in feed]


def test_every_picture_comes_once_an_epoch():
    feed = data.batches(numbered(10), 4, shuffle=True)
    assert sorted(number for batch in values(feed) for number in batch) == list(range(10))
    assert [len(batch) for batch in values(feed)] == [4, 4, 2]
    assert len(feed) == 3


def test_an_epoch_depends_on_the_seed_and_its_number_alone():
    first, second = (data.batches(numbered(50), 8, shuffle=True, seed=5) for _ in range(2))
    first.set_epoch(1)
    list(first)
    for feed in (first, second):
        feed.set_epoch(2)
    assert values(first) == values(second)
    second.set_epoch(3)
    first.set_epoch(2)
    assert values(first) != values(second)
    other_seed = data.batches(numbered(50), 8, shuffle=True, seed=6)
    first.set_epoch(1)
    assert values(first) != values(other_seed)  # the next epoch is not the next seed's first


@pytest.mark.parametrize("gathered", [1, 10, 1000])
def test_how_many_pictures_are_gathered_at_once_changes_no_batch(monkeypatch, gathered):
    monkeypatch.setattr("cnnlab.data.feeding.GATHERED", gathered)
    assert values(data.batches(numbered(18), 4)) == [[*range(n, min(n + 4, 18))] for n in range(0, 18, 4)]


@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize("count", [64, 65])
def test_the_shares_of_processes_are_disjoint_equally_large_and_together_the_epoch(count, processes):
    shares = []
    for rank in range(processes):
        feed = data.batches(numbered(count), 8, shuffle=True, rank=rank, processes=processes)
        feed.set_epoch(2)
        batches = values(feed)
        assert len(batches) == len(feed)
        shares.append([number for batch in batches for number in batch])
    assert {len(share) for share in shares} == {count // processes}
    together = [number for share in shares for number in share]
    assert len(set(together)) == len(together) == count - count % processes
    alone = data.batches(numbered(count), 8, shuffle=True)
    alone.set_epoch(2)
    order = [number for batch in values(alone) for number in batch]
    assert shares[1] == order[1 : len(together) : processes]


def test_processes_augment_alike_pictures_differently():
    split = data.Split(torch.zeros(6, 1, 1, 1), torch.zeros(6, dtype=torch.int64), ("all",))

    def noise(images, *, generator):
        return images + torch.rand(images.shape, generator=generator)

    feeds = [data.batches(split, 4, shuffle=True, augment=noise, rank=rank, processes=3) for rank in range(3)]
    drawn = {images.item() for feed in feeds for batch, _ in feed for images in batch}
    assert len(drawn) == 6  # each picture of the three shares has its own


def test_a_loader_gives_its_batches_scaled_and_is_told_the_epoch():
    class Loader:
        def set_epoch(self, epoch):
            self.epoch = epoch

        def __iter__(self):
            yield torch.full((2, 1, 1, 1), self.epoch, dtype=torch.uint8), torch.tensor([0, 1])

    feed = data.batches(Loader(), 64, shuffle=True)
    feed.set_epoch(7)
    assert values(feed) == [[7, 7]]
    with pytest.raises(TypeError, match="has no len"):
        len(feed)
    assert len(data.batches([(torch.zeros(1, 1, 1, 1), torch.tensor([0]))] * 3, 64)) == 3


def test_a_single_last_picture_is_left_out_when_shuffled_and_kept_otherwise():
    assert [len(batch) for batch in values(data.batches(numbered(9), 4, shuffle=True))] == [4, 4]
    assert [len(batch) for batch in values(data.batches(numbered(9), 4))] == [4, 4, 1]
    assert [len(batch) for batch in values(data.batches(numbered(1), 4, shuffle=True))] == [1]


def test_a_batch_size_of_none_is_refused():
    with pytest.raises(ValueError, match="batch_size must be 1 or more, got 0"):
        data.batches(numbered(3), 0)


def test_pictures_scale_to_minus_one_to_one_and_other_types_are_refused():
    assert data.to_float(torch.tensor([0, 51, 255], dtype=torch.uint8)).tolist() == pytest.approx([-1, -0.6, 1])
    scaled = torch.rand(3)
    assert data.to_float(scaled) is scaled
    with pytest.raises(TypeError, match=r"uint8 \(0 to 255\) or float .* got torch.int64"):
        data.to_float(torch.tensor([1]))


@pytest.fixture
def pictures(tmp_path):
    """Two classes of twelve pictures each, one colour a class, of different sizes, two of which are truncated."""
    for label, colour in enumerate(("red", "blue")):
        (tmp_path / colour).mkdir()
        for number in range(12):
            noise = Image.effect_noise((80 + number, 60), 40).convert("RGB")
            picture = Image.blend(noise, Image.new("RGB", noise.size, colour), 0.5)
            picture.save(tmp_path / colour / f"{number}.jpg", quality=95)
        broken = tmp_path / colour / f"{label}.jpg"
        broken.write_bytes(broken.read_bytes()[:-1500])
    return tmp_path


def test_threads_decode_on_demand_and_broken_pictures_are_listed_once(pictures):
    parts = data.folder(pictures, size=(16, 20), validation=0.25, test=0.25)
    assert isinstance(parts.train.images, data.Pictures)
    seen, broken = 0, []
    for part in parts[:3]:
        feed = data.batches(part, 4, shuffle=False)
        with pytest.warns(UserWarning, match="broken picture") if _holds_broken(part) else nullcontext():
            for images, labels in feed:
                assert images.shape[1:] == (3, 16, 20)
                red = images[:, 0].mean(dim=(1, 2)) > images[:, 2].mean(dim=(1, 2))
                assert torch.equal(red, labels == parts.train.classes.index("red"))
                seen += len(labels)
        for _ in feed:
            pass  # a second pass names nobody again
        broken += feed.unreadable
    assert seen == 22
    assert sorted(entry.path.rsplit("/", 2)[-2] for entry in broken) == ["blue", "red"]


def six(folder, broken):
    """Six pictures on the disk, each with its number as label; those in ``broken`` are truncated."""
    for number in range(6):
        path = folder / f"{number}.png"
        Image.new("L", (9, 9), 10 * number).save(path)
        if number in broken:
            path.write_bytes(path.read_bytes()[:40])
    pictures = data.Pictures(tuple(folder / f"{number}.png" for number in range(6)), (9, 9), channels=1)
    return data.Split(pictures, torch.arange(6), tuple("abcdef"))


@pytest.mark.filterwarnings("ignore:.*broken picture")
@pytest.mark.parametrize("broken", [{0, 1, 2}, {0, 2, 4}, {0}, {1, 3, 4, 5}])
def test_batches_are_filled_up_where_pictures_are_broken_and_none_has_a_single_one(tmp_path, broken):
    split = six(tmp_path, broken)
    for seed in range(20):
        feed = data.batches(split, 2, shuffle=True, seed=seed)
        given = [
            (((images + 1) * 12.75)[:, 0, 0, 0].round().int().tolist(), labels.tolist()) for images, labels in feed
        ]
        assert all(pictures == labels for pictures, labels in given), "every picture keeps its label"
        whole = data.batches(
            data.Split(torch.zeros(6, 1, 1, 1), torch.arange(6), split.classes), 1, shuffle=True, seed=seed
        )
        order = [label.item() for _, label in whole if label.item() not in broken]
        seen = [label for _, labels in given for label in labels]
        assert seen == order[: len(order) // 2 * 2], "in their order, but for a last one that nothing follows"
        assert all(len(labels) == 2 for _, labels in given)


@pytest.mark.filterwarnings("ignore:.*broken picture")
def test_without_shuffling_and_where_there_is_but_one_a_single_picture_comes(tmp_path):
    for broken, size, shuffle, sizes in (
        ({0}, 2, False, [2, 2, 1]),
        ({0, 1, 2, 4, 5}, 2, True, [1]),
        ({0}, 1, True, [1] * 5),
        (set(range(6)), 2, True, []),
    ):
        feed = data.batches(six(tmp_path, broken), size, shuffle=shuffle)
        assert [len(labels) for _, labels in feed] == sizes


def _holds_broken(part):
    return any(path.name == ("0.jpg" if path.parent.name == "red" else "1.jpg") for path in part.images.paths)
