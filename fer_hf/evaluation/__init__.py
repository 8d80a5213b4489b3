"""From weights and a split to numbers with intervals."""
