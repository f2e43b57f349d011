"""Trust in measurements: receipts of lines, decisions of people, facts of whole reports, and what follows."""
