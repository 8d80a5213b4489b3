"""The page's tabs, one file per tab: `build(service, text)` lays a tab out in one language and says what it does."""
