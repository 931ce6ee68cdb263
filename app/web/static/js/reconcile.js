// Reconcile.
