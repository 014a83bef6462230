"""The form that asks a person for parameters; works without JavaScript."""

from .form import ParametersForm

__all__ = ["ParametersForm"]
