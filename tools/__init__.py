"""What the maintainer runs: README tables, screenshots, the release gate."""
