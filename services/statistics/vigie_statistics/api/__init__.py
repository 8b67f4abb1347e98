"""The REST interface of the history, on loopback only."""
