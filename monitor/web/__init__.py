"""Files of the built-in page, served as they are."""
