"""What is looked at: one module for each kind of thing, each with functions from an `Examined` to findings."""
