"""A stage on an AWS account: made and changed (`deploy`), looked at (`doctor`), taken down (`destroy`).

The stage's settings are in .chalice/config.json (`stages`), what is made of templates in `stacks`, what Chalice
made in `record`. The same code brings up the local AWS, where only the clients lead elsewhere.
"""
