"""The page's tabs, one a file: `build(analyzer, text)` lays a tab out in one language and says what it does."""
