"""One file a subject; each view reads the address, asks `queries` and renders."""
