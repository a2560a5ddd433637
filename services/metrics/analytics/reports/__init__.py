"""The reports of product analytics: specifications, and executors on the store and on ClickHouse."""
