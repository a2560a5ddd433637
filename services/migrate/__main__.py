"""`python -m services.migrate`."""

from services.migrate.app import main

main()
