"""Electronic invoices, read without loss: CII, UBL and FatturaPA."""
