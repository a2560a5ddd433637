"""
People who use the backend: `python -m examples.vendas_api.traffic --count 200`.

Plays so many visits, one after the other, against a backend on this machine, and ends. In the first visit of each
person everything happens that can happen, later ones are shorter; nothing is random but for `--seed`.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

_TENANTS = (("acme", "premium", "Sul"), ("horizonte", "premium", "Sudeste"), ("ipe", "basico", "Nordeste"))
_PRODUCTS = ("caderno", "mochila", "caneta", "estojo")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_ENDLESS_ROUNDS = 100_000_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works for a tenant."""

    user: str
    tenant: str
    plan: str
    region: str
    role: str

    @property
    def headers(self) -> dict[str, str]:
        """What the backend takes for the session of this person."""
        return {"X-Tenant": self.tenant, "X-Plan": self.plan, "X-Region": self.region, "X-Role": self.role}


PEOPLE = tuple(
    Person(f"usuario-{number}", *_TENANTS[number % len(_TENANTS)], "gerente" if number % 4 == 0 else "vendedor")
    for number in range(24)
)


class Visit:
    """One person, from arriving to leaving. `answers` counts what the backend said, by status."""

    def __init__(self, client: httpx.Client, person: Person, draw: random.Random, answers: Counter[int]) -> None:
        self._client = client
        self._person = person
        self._draw = draw
        self._answers = answers
        self._headers = {**person.headers, "X-Anonymous": f"navegador-{draw.getrandbits(64):016x}"}

    def whole(self) -> None:
        """Do everything once."""
        self.arrive()
        for step in self._steps():
            step()
        self.leave()

    def short(self) -> None:
        """Do a few things; most people sell something, and few log out."""
        self.arrive()
        for step in self._draw.choices(self._steps(), (10, 30, 4, 2, 4, 3, 2), k=self._draw.randint(1, 5)):
            step()
        if self._draw.random() < 0.3:
            self.leave()

    def arrive(self) -> None:
        """Log in; who cannot sets a new password first."""
        login = {"usuario": self._person.user, "senha": "senha-da-demonstração"}
        if self._ask("POST", "/login", json=login).status_code == 401:
            code = self._ask("POST", "/senha/pedidos", json={"usuario": self._person.user}).json()["codigo"]
            self._ask("POST", "/senha", json={"codigo": code, "senha": login["senha"]})
            self._ask("POST", "/login", json=login)
        self._headers["X-User"] = self._person.user

    def leave(self) -> None:
        """Log out."""
        self._ask("POST", "/logout")

    def wait_in_vain(self) -> None:
        """Ask for a report that nobody could wait for."""
        self._ask("GET", "/relatorios", params={"tipo": "projecao", "rodadas": _ENDLESS_ROUNDS})

    def _steps(self) -> tuple[Callable[[], object], ...]:
        return self._look, self._sell, self._correct, self._regret, self._mistype, self._report, self._export

    def _look(self) -> None:
        self._ask("GET", "/vendas")
        self._ask("GET", "/vendas", params={"busca": self._draw.choice(_PRODUCTS)})

    def _sell(self) -> int:
        """Sell something; return its number."""
        product = self._draw.choice(_PRODUCTS[:2])
        self._ask("GET", "/recomendacoes", params={"produto": product})
        sale = {
            "produto": product,
            "valor": f"{self._draw.randint(1_000, 90_000) / 100:.2f}",
            "itens_count": self._draw.randint(1, 9),
            "metodo_pagamento": self._draw.choice(("pix", "pix", "cartao", "boleto")),
        }
        made: int = self._ask("POST", "/vendas", json=sale).json()["venda"]["venda_id"]
        self._ask("GET", f"/vendas/{made}")
        return made

    def _correct(self) -> None:
        self._ask("PATCH", f"/vendas/{self._sell()}", json={"produto": self._draw.choice(_PRODUCTS)})

    def _regret(self) -> None:
        self._ask("DELETE", f"/vendas/{self._sell()}")

    def _mistype(self) -> None:
        self._ask("POST", "/vendas", json={"produto": "caderno", "valor": "-1"})

    def _report(self) -> None:
        for kind in ("totais", "projecao"):
            self._ask("GET", "/relatorios", params={"tipo": kind})

    def _export(self) -> None:
        self._ask("GET", "/exportacoes", params={"formato": self._draw.choice(("csv", "json"))})

    def _ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        response = self._client.request(method, path, headers=self._headers, **what)
        self._answers[response.status_code] += 1
        return response


def play(
    connect: Callable[[], httpx.Client], count: int, seed: int = 0, pause: Callable[[], object] = lambda: None
) -> Counter[int]:
    """
    Play visits; return how often the backend answered with which status.

    Args:
        connect: returns a client for one visit, so that a visit stays with one worker.
        count: how many visits; with at least as many as there are PEOPLE, everything has happened.
        seed: visits of the same seed are the same.
        pause: called between two visits.
    """
    draw = random.Random(seed)
    answers: Counter[int] = Counter()
    for number in range(count):
        with connect() as client:
            visit = Visit(client, PEOPLE[number % len(PEOPLE)], draw, answers)
            if number < len(PEOPLE):
                visit.whole()
            else:
                visit.short()
            if number == 0:
                visit.wait_in_vain()
        pause()
    return answers


def main() -> int:
    """Play what the command line asks for; return 1 when the backend failed at something."""
    parser = argparse.ArgumentParser(prog="python -m examples.vendas_api.traffic", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="of a backend on this machine")
    parser.add_argument("--count", type=int, default=200, help=f"of visits; {len(PEOPLE)} show everything")
    parser.add_argument("--per-second", type=float, default=10.0, help="visits in a second at most; 0 for no limit")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if urlsplit(options.url).hostname not in _LOOPBACK:
        parser.error("--url: must be on this machine")
    seconds = 1 / options.per_second if options.per_second > 0 else 0.0
    try:
        answers = play(
            lambda: httpx.Client(base_url=options.url, timeout=30),
            options.count,
            options.seed,
            lambda: time.sleep(seconds),
        )
    except httpx.TransportError as error:
        sys.stderr.write(f"{options.url}: {error}\n")
        return 1
    sys.stdout.write("".join(f"{status}: {times}\n" for status, times in sorted(answers.items())))
    return 1 if answers[500] else 0


if __name__ == "__main__":
    sys.exit(main())
