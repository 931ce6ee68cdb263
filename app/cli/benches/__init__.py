"""The benches, one module each; app/cli/bench.py says how to write one."""
