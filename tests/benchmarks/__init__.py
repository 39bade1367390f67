"""The engine beside its peers on one machine, in one run, with equal answers: `make bench`."""
