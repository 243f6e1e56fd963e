"""JSON in a text, wherever its lines end."""
