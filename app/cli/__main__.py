"""`python -m app.cli`: the same as the console script `backoffice`."""

from app.cli import main

main(prog_name="backoffice")
