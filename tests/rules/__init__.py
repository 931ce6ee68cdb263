"""House rules as tests: each rule also finds the fault planted for it."""
