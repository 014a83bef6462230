"""A site of real processes that is hurt at random while it works; see `__main__`."""
