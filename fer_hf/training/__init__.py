"""From splits and arguments to trained weights."""
