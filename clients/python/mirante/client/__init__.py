"""The client: a connection at the edge, evaluation in process or by call, one implementation with two faces."""
