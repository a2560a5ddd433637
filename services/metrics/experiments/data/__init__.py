"""From events in the analytics store to sums over units: who took part, and what they did from then on."""
