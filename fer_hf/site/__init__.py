"""The page without a server: a folder that any host of files serves; photos are read on the visitor's own device."""
