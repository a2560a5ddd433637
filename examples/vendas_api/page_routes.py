"""What the page of `examples/vendas_web` needs of this backend: where Mirante is, who sits there, and its own files."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fastapi import FastAPI, HTTPException, Response
from fastapi.staticfiles import StaticFiles
from mirante.browser_tokens import BrowserTokens

from examples.vendas_api.caller import Caller, tenant_of

BUILT_PAGE: Final = Path(__file__).parents[1] / "vendas_web" / "dist"


@dataclass(frozen=True, slots=True)
class BrowserSide:
    """What pages are told. `key` is one of the role browser, which is public; `tokens` signs who sits there."""

    gateway_url: str
    key: str
    environment: str
    tokens: BrowserTokens = field(repr=False)

    @classmethod
    def from_environment(cls) -> "BrowserSide | None":
        """Return what environment variables say; None when the page has to do without Mirante."""
        url, key = os.environ.get("MIRANTE_GATEWAY_URL"), os.environ.get("MIRANTE_BROWSER_KEY")
        signing_key = os.environ.get("VENDAS_TOKEN_KEY")
        if not url or not key or not signing_key:
            return None
        tokens = BrowserTokens(Path(signing_key).read_bytes(), os.environ.get("VENDAS_TOKEN_KEY_ID", "vendas"))
        return cls(url, key, os.environ.get("MIRANTE_ENVIRONMENT", "production"), tokens)


def add_page_routes(app: FastAPI, browser: BrowserSide | None, page: Path = BUILT_PAGE) -> None:
    """Add them, and the page itself when it is built. They come last: the page takes every address that is left."""

    @app.get("/mirante/config")
    def describe_mirante() -> dict[str, str]:
        side = _set_up(browser)
        return {"url": side.gateway_url, "key": side.key, "environment": side.environment}

    @app.post("/mirante/token")
    def mint_token(caller: Caller, response: Response) -> dict[str, str]:
        side = _set_up(browser)
        tenant, user = tenant_of(caller), str(caller.get("targeting_key", ""))
        if not tenant or not user:
            raise HTTPException(401, "nobody is logged in")
        response.headers["Cache-Control"] = "no-store"
        return {"token": side.tokens.mint(environment=side.environment, tenant=tenant, user=user)}

    if page.is_dir():
        app.mount("/", StaticFiles(directory=page, html=True))


def _set_up(browser: BrowserSide | None) -> BrowserSide:
    if browser is None:
        raise HTTPException(404, "Mirante is not set up for browsers")
    return browser
