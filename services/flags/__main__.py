"""`python -m services.flags`."""

from services.flags.app import main

main()
