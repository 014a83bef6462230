"""How the site's own log is written."""

import logging

from jobs import sanitize


class Indented(logging.Formatter):
    """Only a record begins at the beginning of a line: what somebody typed (a name, an
    address, the words of an error) cannot look like one, nor speak to a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        text = sanitize.without_colours(sanitize.text(super().format(record)))
        return text.replace("\n", "\n    ")
