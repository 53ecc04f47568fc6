"""The only way out: protected tables, findings and charts become files, and the files are sealed in the ledger."""
