"""Brings the tables of all services up to date and ends, where services are told not to do it themselves."""
