"""Pages of long lists: nobody counts a million rows to show fifty."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.forms.models import BaseInlineFormSet

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
    _InlineFormSet = BaseInlineFormSet[Any, Any, Any]
else:
    _Paginator, _InlineFormSet = Paginator, BaseInlineFormSet


class BoundedPaginator(_Paginator):
    """Counts to `MOST`; a longer list ends there, and filters find the rest."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        return min(self._counted, self.MOST)

    @property
    def is_cut(self) -> bool:
        """Whether there is more than is counted."""
        return self._counted > self.MOST

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.MOST + 1].count())


class BoundedFormSet(_InlineFormSet):
    """The first `MOST` rows of an inline."""

    MOST = 100

    def get_queryset(self) -> Any:
        if not hasattr(self, "_bounded"):
            self._bounded = super().get_queryset()[: self.MOST]
        return self._bounded
