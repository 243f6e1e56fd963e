"""Archives: the files in them, one behind the other, and what lies between; nothing is ever written to a path."""
