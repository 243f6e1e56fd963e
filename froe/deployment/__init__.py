"""A stage on an AWS account: created and changed (`deploy`), checked (`doctor`), taken down (`destroy`).

The stage's settings are in .chalice/config.json (`stages`), resources from templates in `stacks`, Chalice's
resources in `record`. The same code sets up the local AWS; only the clients have other endpoints.
"""
