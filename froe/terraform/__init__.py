"""infra/terraform, written from the templates in infra: `make terraform`."""
