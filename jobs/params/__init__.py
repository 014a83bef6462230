"""What a task may be given: read from its function, judged, kept, shown, asked for."""

from .docstring import described
from .email import Email
from .file import File, Upload
from .invalid import Invalid
from .parameters import Parameters
from .secret import MASK, Secret, Unreadable, seal, unseal
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
    "unseal",
]
