"""Whether this worker was told to end. Its pool processes know it at the same moment: the
word stands in a byte of memory that they share with their parent."""

import mmap

# Shared, because made before any fork: when the site's app is loaded.
_word = mmap.mmap(-1, 1)


def tell() -> None:
    """Safe in a signal handler."""
    _word[0] = 1


def is_told() -> bool:
    return _word[0] == 1
