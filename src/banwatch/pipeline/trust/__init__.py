"""Trust in measurements: receipts of lines, decisions of people, and what follows from both."""
