"""Long proofs, one file each, run by `make prove NAME=… SIZE=…`."""
