"""`python -m services.controller`."""

from services.controller.app import main

main()
