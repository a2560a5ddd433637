"""
Makes `openapi.json`: what `edge.json` says by hand, and the admin API as the contracts have it.

    buf build -o - | python -m services.gateway.describing > services/gateway/openapi.json
"""
