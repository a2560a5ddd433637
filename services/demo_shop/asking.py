"""The real client as what decides in the story."""

from mirante import Mirante

from services.demo_shop.effects import Context, Decision, Flags
from services.demo_shop.rush import ORDERS_FLAG, Orders


class ImportedFlags(Flags):
    """Decides as the client would now, for what is over: no exposure is recorded, so that the story tells it."""

    def __init__(self, client: Mirante) -> None:
        self._client = client
        self._context: Context = {}
        self._answers = client.all_flags({})

    def decide(self, flag_key: str, context: Context) -> Decision:
        """See `Flags`."""
        if context is not self._context:
            # A visit asks several times in the same context.
            self._context, self._answers = context, self._client.all_flags(context)
        answer = self._answers.get(flag_key)
        if answer is None or answer.error is not None:
            return Decision("")
        return Decision(answer.variant, answer.flag_version, answer.reason.value, answer.rule_id)


class LiveFlags(Flags):
    """Decides for what happens now, and the client records the exposures; until `recording` is set, as for the past."""

    def __init__(self, client: Mirante) -> None:
        self._client = client
        self._imported = ImportedFlags(client)
        self.recording = False

    def decide(self, flag_key: str, context: Context) -> Decision:
        """See `Flags`."""
        if not self.recording:
            return self._imported.decide(flag_key, context)
        answer = self._client.details(flag_key, context)
        return Decision("" if answer.error else answer.variant, recorded=True)

    def orders(self) -> Orders:
        """Return what a drill wants now. Nobody is exposed to the flag that says it."""
        answer = self._client.all_flags({}).get(ORDERS_FLAG)
        return Orders() if answer is None or answer.error is not None else Orders.read(answer.value)
