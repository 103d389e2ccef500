"""The libraries that only the landmarks need: an error that says how to install them."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needed(library: str) -> Iterator[None]:
    """Around an import: if ``library`` is missing, say which extra brings it.

    Raises:
        ImportError: if the import fails.

    >>> with needed("no_such_library"):
    ...     import no_such_library
    Traceback (most recent call last):
    ImportError: building a data set of landmarks needs no_such_library: pip install 'cnnlab[landmarks]'
    """
    try:
        yield
    except ImportError as error:
        raise ImportError(
            f"building a data set of landmarks needs {library}: pip install 'cnnlab[landmarks]'"
        ) from error
