"""Carry httpx requests with aiohttp.

aiohttp takes a third of the CPU of httpx's own transport, and the tables need it already.

Adapter. Follows no redirects, repeats no POST, keeps no cookies, takes no proxy from the
environment. Reads answers whole.
"""

import aiohttp
import httpx
from yarl import URL

HEADERS_OF_HTTPX = frozenset({"Accept", "Accept-Encoding", "Content-Type", "User-Agent"})
"""Headers that aiohttp would add where httpx sets none."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """An httpx transport over one aiohttp session, opened by the first request."""

    def __init__(self, *, connections: int) -> None:
        """`connections` is the most that are open at once."""
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; raise httpx's own errors where no answer comes.

        The `connect` timeout of httpx covers the whole way to a connection.
        """
        body = await request.aread()
        limits = request.extensions.get("timeout", {})
        try:
            async with self._opened().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    connect=limits.get("connect"), sock_read=limits.get("read")
                ),
            ) as answer:
                content = await answer.read()
        except aiohttp.ConnectionTimeoutError as error:
            raise httpx.ConnectTimeout(str(error), request=request) from error
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error), request=request) from error
        except aiohttp.ClientConnectorError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx.ReadError(str(error), request=request) from error
        return httpx.Response(
            answer.status, headers=list(answer.raw_headers), content=content, request=request
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # httpx does that
                skip_auto_headers=HEADERS_OF_HTTPX,
            )
        return self._session
