"""The error that a person may see: one line that names the input, the field and what was expected."""


class FerError(Exception):
    """Something outside the program is wrong: a file, a field, a disk. Printed without a traceback."""
