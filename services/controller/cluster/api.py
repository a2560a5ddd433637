"""Calls to the API server. Objects are the JSON that it speaks; nothing is modelled that is not used."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import httpx

from services.controller.cluster.access import ClusterAccess

Object: TypeAlias = dict[str, Any]

FIELD_MANAGER: Final = "mirante-controller"

_TIMEOUT: Final = httpx.Timeout(10.0)
_MERGE: Final = "application/merge-patch+json"


class ApiError(Exception):
    """The API server refused; `status` is that of HTTP, 0 when it was not reached."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    @property
    def is_conflict(self) -> bool:
        """Whether the object was changed meanwhile, or is there already."""
        return self.status == httpx.codes.CONFLICT

    @property
    def is_missing(self) -> bool:
        """Whether there is no such object."""
        return self.status == httpx.codes.NOT_FOUND

    @property
    def is_gone(self) -> bool:
        """Whether the resource version is too old to be watched from."""
        return self.status == httpx.codes.GONE


class KubernetesApi:
    """Calls the API server. Every method raises `ApiError`."""

    def __init__(self, access: ClusterAccess, http: httpx.AsyncClient) -> None:
        self._access = access
        self._http = http

    async def get(self, path: str, **query: str) -> Object:
        """Return an object, or a list of them."""
        return await self._call("GET", path, query)

    async def create(self, path: str, document: Object) -> Object:
        """Create an object in a collection."""
        return await self._call("POST", path, {"fieldManager": FIELD_MANAGER}, document)

    async def replace(self, path: str, document: Object) -> Object:
        """Replace an object; refused as a conflict when its resource version is not the newest."""
        return await self._call("PUT", path, {"fieldManager": FIELD_MANAGER}, document)

    async def merge(self, path: str, patch: Mapping[str, Any]) -> Object:
        """Merge into an object (RFC 7396)."""
        return await self._call("PATCH", path, {"fieldManager": FIELD_MANAGER}, patch, _MERGE)

    async def watch(self, path: str, version: str, seconds: int) -> AsyncIterator[tuple[str, Object]]:
        """
        Yield (type, object) for each change after `version`; ends after about `seconds`.

        Raises:
            ApiError: also for an ERROR in the stream, `is_gone` when the version is too old.
        """
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        }
        # Silence for longer than the server promised means that nobody is there.
        timeout = httpx.Timeout(10.0, read=seconds + 10.0)
        try:
            async with self._http.stream(
                "GET", self._url(path), params=query, headers=self._headers(), timeout=timeout
            ) as response:
                if response.is_error:
                    await response.aread()
                    raise _refusal(response)
                async for line in response.aiter_lines():
                    if not line:
                        continue
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise ApiError(int(event["object"].get("code", 500)), str(event["object"].get("message", "")))
                    yield event["type"], event["object"]
        except (httpx.TransportError, OSError) as error:
            raise _unreachable(error) from None
        except (ValueError, KeyError, TypeError):
            raise ApiError(0, "the API server sent what is no watch event") from None

    async def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        document: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        try:
            response = await self._http.request(
                method,
                self._url(path),
                params=query,
                headers={**self._headers(), "Content-Type": content_type},
                content=None if document is None else json.dumps(document),
            )
        except (httpx.TransportError, OSError) as error:
            raise _unreachable(error) from None
        if response.is_error:
            raise _refusal(response)
        try:
            answer: Object = response.json()
        except ValueError:
            raise ApiError(0, "the API server sent what is no JSON") from None
        return answer

    def _url(self, path: str) -> str:
        return f"{self._access.url}{path}"

    def _headers(self) -> dict[str, str]:
        token = self._access.token()
        return {"Authorization": f"Bearer {token}"} if token else {}


@asynccontextmanager
async def open_api(access: ClusterAccess) -> AsyncIterator[KubernetesApi]:
    """Open connections to the API server as they are needed, and close them when the block ends."""
    verify = True if access.tls is None else access.tls
    async with httpx.AsyncClient(verify=verify, timeout=_TIMEOUT, trust_env=False) as http:
        yield KubernetesApi(access, http)


def _refusal(response: httpx.Response) -> ApiError:
    try:
        message = str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        message = response.reason_phrase
    return ApiError(response.status_code, message)


def _unreachable(error: Exception) -> ApiError:
    return ApiError(0, f"the API server does not answer ({type(error).__name__})")
