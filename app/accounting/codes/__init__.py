"""Tax codes and dimensions: kept, listed and retired."""
