"""Watch streams: what a subscriber is sent, and when. The RPC itself is in `flag_sync_servicer`."""
