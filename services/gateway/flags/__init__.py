"""Flags by OFREP, answered from rules held in this process."""
