"""In development: which Python files were saved since the last look."""

from collections.abc import Iterable
from pathlib import Path


class Watch:
    def __init__(self, roots: Iterable[Path]) -> None:
        self.roots = list(roots)
        self.seen = self._look()

    def saved(self) -> list[Path]:
        """Files that were written, made or removed since the last call."""
        before, self.seen = self.seen, self._look()
        changed = dict(set(before.items()) ^ set(self.seen.items()))
        return sorted(changed)

    def _look(self) -> dict[Path, int]:
        times = {}
        for root in self.roots:
            for path in root.rglob("*.py") if root.is_dir() else [root]:
                try:
                    times[path] = path.stat().st_mtime_ns
                except FileNotFoundError:
                    continue  # gone between listing and looking, or never there
        return times
