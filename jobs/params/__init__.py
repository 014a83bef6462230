"""What a task may be given: read from its function, judged, kept, shown, asked for."""

from .docstring import described
from .durations import read as span
from .email import Email
from .file import File, Upload
from .invalid import Invalid
from .parameters import Parameters
from .secret import MASK, Secret, Unreadable, seal, unseal
from .several import takes_files, takes_several
from .signature import humanised

__all__ = [
    "MASK",
    "Email",
    "File",
    "Invalid",
    "Parameters",
    "Secret",
    "Unreadable",
    "Upload",
    "described",
    "humanised",
    "seal",
    "span",
    "takes_files",
    "takes_several",
    "unseal",
]
