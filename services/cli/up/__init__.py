"""`mirante up`: the whole of Mirante on one machine, in the foreground."""
