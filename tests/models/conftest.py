"""What the tests of several files share."""

import pandas as pd
import pytest

from cnnlab.models import catalogue


@pytest.fixture(scope="session")
def zoo() -> pd.DataFrame:
    """The catalogue, which takes seconds."""
    return catalogue()
