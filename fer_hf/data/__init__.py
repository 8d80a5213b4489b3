"""From any source of faces to train, validation and test."""
