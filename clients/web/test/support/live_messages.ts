// Written by tests/support/live_messages.py: messages as the gateway says them.
import type { LiveMessage } from "../../src/index.js";

export const messages = [
  {"type": "snapshot", "environment": "production", "tenant": "acme", "position": "7.1", "as_of": "2027-01-15T08:00:00Z", "log_read_at": "2027-01-15T08:00:00Z", "catching_up": false, "metrics": [{"metric": "vendas_hora", "currency": "", "aggregation": "count", "window_seconds": 3600, "value": "6", "previous_hour": {"value": "0", "change": ""}, "series": {"start_seconds": 1800000000, "values": ["1", "2", "3"]}}, {"metric": "conversao_rate", "currency": "", "aggregation": "actor_ratio", "window_seconds": 3600, "value": "0.25", "numerator": 1, "denominator": 4, "last_week": {"value": "0.2", "change": "0.25"}}, {"metric": "receita_hora", "currency": "BRL", "aggregation": "sum", "window_seconds": 3600, "value": "1.50"}], "stale": false},
  {"type": "frame", "environment": "production", "tenant": "acme", "position": "7.2", "as_of": "2027-01-15T08:00:00Z", "log_read_at": "2027-01-15T08:00:00Z", "catching_up": false, "metrics": [{"metric": "vendas_hora", "currency": "", "aggregation": "count", "window_seconds": 3600, "value": "7", "previous_hour": {"value": "0", "change": ""}, "series": {"start_seconds": 1800000120, "values": ["4", "5"]}}, {"metric": "conversao_rate", "currency": "", "aggregation": "actor_ratio", "window_seconds": 3600, "value": "0.25", "numerator": 1, "denominator": 4, "last_week": {"value": "0.2", "change": "0.25"}}, {"metric": "receita_hora", "currency": "BRL", "aggregation": "sum", "window_seconds": 3600, "value": "1.50"}]},
  {"type": "stale", "position": "7.2", "as_of": "2027-01-15T08:00:00Z"},
  {"type": "waiting"},
] as const satisfies readonly LiveMessage[];
