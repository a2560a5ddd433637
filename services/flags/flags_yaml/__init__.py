"""
Flags as code: the YAML that people write, review and import.

::

    flags:
      nova_ui_vendas:                 # a boolean flag needs no type and no variants: they are on (true) and off (false)
        description: Nova interface de vendas
        owner: time-vendas
        tags: [ui]
        on: true                      # the only field that must be there
        rules:
          - id: canario
            serve:
              rollout:
                coverage: 10%         # who takes part at all
                splits: {on: 100%}    # which variant they get
        fallthrough: off              # without it: on
      algoritmo_desconto:
        type: string                  # without it: the type of the variants
        variants: {control: control, experimental: experimental}
        on: true
        off_variant: control
        targets:
          - {attribute: tenant_id, variant: experimental, values: [acme]}
        rules:
          - id: premium
            conditions:
              - {attribute: plano, operator: in, values: [premium]}
            serve: experimental
        fallthrough: control
    segments:
      equipe_interna:
        rules:
          - conditions:
              - {attribute: email, operator: ends_with, values: ["@mirante.example"]}

Fields are named as in `flag.proto`; shares are percentages; times are RFC 3339. Anchors, aliases and tags are refused.
The kill state is not part of it: an export mentions it in a comment, and an import leaves it as it is.
"""

from services.flags.flags_yaml.document import MAX_BYTES, Definitions, read_definitions
from services.flags.flags_yaml.writing import write_definitions

__all__ = ["MAX_BYTES", "Definitions", "read_definitions", "write_definitions"]
