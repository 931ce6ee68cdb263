"""The operator command line: a lazy click group that loads a command only when it is called."""
