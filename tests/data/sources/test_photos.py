import pytest

from cnnlab import data


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket", "china", "flower"])
def test_every_photograph_comes_with_the_installation(name):
    picture = data.photo(name)
    assert picture.shape[0] == 3
    assert min(picture.shape[1:]) >= 300
    assert picture.float().std() > 20


def test_an_unknown_photograph_lists_the_known():
    with pytest.raises(ValueError, match="no photograph is called 'cat'; there are astronaut, chelsea"):
        data.photo("cat")
