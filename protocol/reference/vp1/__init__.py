"""VP/1 in Python: codec, client and a toy device, written from protocol/SPEC.md alone."""
