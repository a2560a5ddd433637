"""
The catalogue as code: the YAML that people write, review and import.

::

    policy: open                      # or strict; without it: open
    events:
      venda_criada:
        version: 2                    # raised when events that were valid no longer are; without it: 1
        description: Uma venda foi registrada.
        owner: time-vendas
        policy: strict                # of this event; without it: the catalogue's
        sources: [backend]
        properties:
          venda_id: {type: string, required: true}
          valor: {type: decimal, required: true, description: Valor total}
          moeda: {type: string, required: true, allowed: [BRL, USD]}
          itens_count: integer        # optional, and nothing more to say
          email: {type: string, personal_data: hash}
      login_sucesso:
        stamps_trait: last_login_at   # the user's trait that is set to the time of the event
      logout:                         # an event without properties

Types are string, integer, number, bool, decimal, timestamp, list and map; personal data is kept (keep), hashed (hash),
masked (mask) or left out (drop).
"""

from services.telemetry.catalogue.catalogue_yaml.reading import MAX_MEBIBYTES, read_catalogue
from services.telemetry.catalogue.catalogue_yaml.writing import write_catalogue

__all__ = ["MAX_MEBIBYTES", "read_catalogue", "write_catalogue"]
