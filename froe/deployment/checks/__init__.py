"""The doctor's checks: one module for each kind of resource, each with functions from an `Examined` to findings."""
