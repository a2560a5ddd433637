"""Alerts: what is unusual in the hours of a metric, who is told, and what is silent."""
