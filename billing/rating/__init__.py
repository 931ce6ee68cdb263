"""Rating: pure arithmetic from a price and quantities to lines; decimals only, no clock."""
