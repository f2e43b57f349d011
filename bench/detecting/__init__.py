"""Series and countries with known truth, and the rule that detection is held against."""
