"""Frozen vectors: how they are built, checked and written (protocol/vectors/README.md)."""
