"""`mirante flags`: definitions, switches, history, answers and changes of flags."""
