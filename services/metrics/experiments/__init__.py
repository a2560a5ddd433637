"""
Experiments: what is tested, by whom it was seen, and what came of it.

* `statistics`: sums over units, tests, verdicts. Pure; knows neither events nor messages.
* `designing`: what a design must be, what it asks of the store, what it does to its flag, what it costs. Pure.
* `data`: from events in the analytics store to sums over units.
* `results`, `verdicts`: from sums to looks, health, numbers and a verdict in words. Pure.
* `desk`, `deciding`, `results_desk`: what people ask for; `storing` and `outside` are what that needs.
"""
