"""The parts of the crash storm: the running product, its load, its killer and its auditor."""
