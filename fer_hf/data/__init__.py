"""From any source of faces to the splits train, validation and test."""
