"""Coming in and going out."""

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

from examples.vendas_api.accounts import Accounts
from examples.vendas_api.caller import Caller, tenant_of
from examples.vendas_api.events import Events


class Login(BaseModel):
    """What POST /login takes."""

    usuario: str = Field(min_length=1, max_length=100)
    senha: str = Field(max_length=100)


class ResetRequest(BaseModel):
    """What POST /senha/pedidos takes."""

    usuario: str = Field(min_length=1, max_length=100)


class NewPassword(BaseModel):
    """What POST /senha takes."""

    codigo: str
    senha: str = Field(min_length=8, max_length=100)


def add_account_routes(app: FastAPI, accounts: Accounts, events: Events) -> None:
    """Add the routes of logins and passwords."""

    @app.post("/login", status_code=204)
    def log_in(login: Login, caller: Caller) -> None:
        first = accounts.log_in(tenant_of(caller), login.usuario, login.senha)
        if first is None:
            events.login_failed(caller)
            raise HTTPException(401, "unknown user or wrong password")
        events.logged_in({**caller, "targeting_key": login.usuario}, first=first)

    @app.post("/logout", status_code=204)
    def log_out(caller: Caller) -> None:
        events.logged_out(caller)

    @app.post("/senha/pedidos", status_code=202)
    def request_reset(request: ResetRequest, caller: Caller) -> dict[str, str]:
        code = accounts.request_reset(tenant_of(caller), request.usuario)
        events.reset_requested(caller)
        return {"codigo": code}

    @app.post("/senha", status_code=204)
    def reset(new: NewPassword, caller: Caller) -> None:
        user = accounts.reset(new.codigo, new.senha)
        if user is None:
            raise HTTPException(404, "no such code")
        events.reset_completed({**caller, "targeting_key": user})
