"""Telling webhooks: signed, again and again until they answer, and never more than was decided with the alert."""
