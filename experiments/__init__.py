"""Finished questions: the script, its result, and the answer in one line. Nothing imports it."""
