# No provider is configured here: region and credentials come from the environment, or from the calling module.
# Written from the templates in infra by `make terraform`: change those.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
