"""The catalog and the workgroup of the sink in infra/data.json in Terraform: type → its block."""

from __future__ import annotations

from typing import Any

from froe.terraform.data import Builder, Built, Properties
from froe.terraform.hcl import Block
from froe.terraform.values import value


def database(name: str, properties: Properties) -> Built:
    database = properties.pop("DatabaseInput")
    yield (
        f"aws_glue_catalog_database.{name}",
        Block(
            catalog_id=value(properties.pop("CatalogId")),
            name=value(database["Name"]),
            description=value(database["Description"]),
        ),
    )


def table(name: str, properties: Properties) -> Built:
    table_input = properties.pop("TableInput")
    storage = table_input["StorageDescriptor"]
    yield (
        f"aws_glue_catalog_table.{name}",
        Block(
            catalog_id=value(properties.pop("CatalogId")),
            database_name=value(properties.pop("DatabaseName")),
            name=table_input["Name"],
            description=table_input["Description"],
            table_type=table_input["TableType"],
            parameters=value(table_input["Parameters"]),
            partition_keys=_columns(table_input["PartitionKeys"]),
            storage_descriptor=[
                Block(
                    location=value(storage["Location"]),
                    input_format=storage["InputFormat"],
                    output_format=storage["OutputFormat"],
                    ser_de_info=[Block(serialization_library=storage["SerdeInfo"]["SerializationLibrary"])],
                    columns=_columns(storage["Columns"]),
                )
            ],
        ),
    )


def _columns(columns: list[dict[str, Any]]) -> list[Block]:
    return [Block(name=each["Name"], type=each["Type"]) for each in columns]


def workgroup(name: str, properties: Properties) -> Built:
    configuration = properties.pop("WorkGroupConfiguration")
    results = configuration["ResultConfiguration"]
    encryption = results["EncryptionConfiguration"]
    yield (
        f"aws_athena_workgroup.{name}",
        Block(
            name=value(properties.pop("Name")),
            description=properties.pop("Description"),
            state=properties.pop("State"),
            force_destroy=properties.pop("RecursiveDeleteOption"),
            configuration=[
                Block(
                    bytes_scanned_cutoff_per_query=value(configuration["BytesScannedCutoffPerQuery"]),
                    enforce_workgroup_configuration=configuration["EnforceWorkGroupConfiguration"],
                    publish_cloudwatch_metrics_enabled=configuration["PublishCloudWatchMetricsEnabled"],
                    engine_version=[
                        Block(selected_engine_version=configuration["EngineVersion"]["SelectedEngineVersion"])
                    ],
                    result_configuration=[
                        Block(
                            output_location=value(results["OutputLocation"]),
                            expected_bucket_owner=value(results["ExpectedBucketOwner"]),
                            encryption_configuration=[
                                Block(
                                    encryption_option=encryption["EncryptionOption"],
                                    kms_key_arn=value(encryption["KmsKey"]),
                                )
                            ],
                        )
                    ],
                )
            ],
        ),
    )


BUILDERS: dict[str, Builder] = {
    "AWS::Glue::Database": database,
    "AWS::Glue::Table": table,
    "AWS::Athena::WorkGroup": workgroup,
}
