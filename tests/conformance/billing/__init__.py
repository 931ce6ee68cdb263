"""Rating, proration and calendars against the cases of other billing systems.

    python -m tests.conformance.billing SET.json

prints for each case of a set one JSON line `{id, got}`; `got` has the keys of the case's
expectations, which are not looked at. Each source has a module that says its cases in our terms:
no rule of arithmetic stands there.
"""
