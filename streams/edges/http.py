"""The pages of the worker's web port: ``/metrics``, ``/healthz`` and ``/readyz``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import orjson
from aiohttp import web
from faust.web import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faust import App


class Page(Protocol):
    """Renders the metrics."""

    def page(self, accept: str) -> tuple[bytes, str]:
        """Return the body and its content type for an ``Accept`` header."""


def install(app: App, metrics: Page, readiness: Callable[[], Mapping[str, object]]) -> None:
    """Add the pages to Faust's web server; ``readiness`` tells ``ready`` and whatever explains it."""

    class MetricsView(View):
        """All metrics; OpenMetrics when asked for."""

        async def get(self, request: Any) -> Any:  # noqa: ANN401  Faust's signature
            """Return the page."""
            body, content_type = metrics.page(request.headers.get("Accept", ""))
            return web.Response(body=body, headers={"Content-Type": content_type})

    class HealthView(View):
        """Answers while the event loop turns."""

        async def get(self, request: Any) -> Any:  # noqa: ANN401, ARG002  Faust's signature
            """Return 200."""
            return _json({"alive": True}, 200)

    class ReadyView(View):
        """Whether partitions are assigned and rebuilt; lag is a metric, not readiness."""

        async def get(self, request: Any) -> Any:  # noqa: ANN401, ARG002  Faust's signature
            """Return 200 when ready, else 503."""
            answer = readiness()
            return _json(answer, 200 if answer["ready"] else 503)

    for path, view in (("/metrics", MetricsView), ("/healthz", HealthView), ("/readyz", ReadyView)):
        app.page(path)(view)


def _json(answer: Mapping[str, object], status: int) -> web.Response:
    return web.Response(body=orjson.dumps(answer), status=status, content_type="application/json")
