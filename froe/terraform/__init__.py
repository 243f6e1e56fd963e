"""Generates infra/terraform from the templates in infra: `make terraform`."""
