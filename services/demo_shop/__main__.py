"""`python -m services.demo_shop`."""

from services.demo_shop.app import main

main()
