"""A policy as a TOML file: to be reviewed in a pull request, kept and brought back."""

from adapters.policy_files.reading import from_toml
from adapters.policy_files.writing import to_toml

__all__ = ["from_toml", "to_toml"]
