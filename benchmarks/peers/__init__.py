"""The comparison with the field: one program for each peer, one runner for all; see the README above this folder."""
