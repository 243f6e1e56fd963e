"""What the resources of infra/processes.json are in Terraform."""

from __future__ import annotations

from typing import Any

from froe.resources import snake_case
from froe.terraform.data import Builder, Built, Properties
from froe.terraform.hcl import Block, Call, Expr
from froe.terraform.values import address, reference, value


def cluster(name: str, properties: Properties) -> Built:
    yield (
        f"aws_ecs_cluster.{name}",
        Block(
            name=value(properties.pop("ClusterName")),
            setting=[
                Block(name=each["Name"], value=each["Value"]) for each in properties.pop("ClusterSettings")
            ],
        ),
    )


def task(name: str, properties: Properties) -> Built:
    platform = properties.pop("RuntimePlatform")
    (container,) = properties.pop("ContainerDefinitions")
    condition, (secret,), _ = container.pop("Secrets")["Fn::If"]
    kept = f'{{ name = "{secret["Name"]}", valueFrom = {value(secret["ValueFrom"])} }}'
    secrets = Expr(f"local.{snake_case(condition)} ? [{kept}] : []")
    yield (
        f"aws_ecs_task_definition.{name}",
        Block(
            family=value(properties.pop("Family")),
            requires_compatibilities=properties.pop("RequiresCompatibilities"),
            network_mode=properties.pop("NetworkMode"),
            cpu=value(properties.pop("Cpu")),
            memory=value(properties.pop("Memory")),
            execution_role_arn=value(properties.pop("ExecutionRoleArn")),
            task_role_arn=value(properties.pop("TaskRoleArn")),
            container_definitions=Call("jsonencode", [[{**_members(value(container)), "secrets": secrets}]]),
            runtime_platform=[
                Block(
                    cpu_architecture=value(platform["CpuArchitecture"]),
                    operating_system_family=platform["OperatingSystemFamily"],
                )
            ],
            volume=[Block(name=each["Name"]) for each in properties.pop("Volumes")],
        ),
    )


def _members(node: Any) -> Any:
    """As the API of ECS calls them: `StopTimeout` → `stopTimeout`."""
    if isinstance(node, list):
        return [_members(each) for each in node]
    if isinstance(node, dict):
        return {name[:1].lower() + name[1:]: _members(each) for name, each in node.items()}
    return node


def service(name: str, properties: Properties) -> Built:
    network = properties.pop("NetworkConfiguration")["AwsvpcConfiguration"]
    deployment = properties.pop("DeploymentConfiguration")
    breaker = deployment["DeploymentCircuitBreaker"]
    public = value(network["AssignPublicIp"])
    yield (
        f"aws_ecs_service.{name}",
        Block(
            name=value(properties.pop("ServiceName")),
            cluster=Expr(f"{address(_logical(properties.pop('Cluster')))}.arn"),
            task_definition=value(properties.pop("TaskDefinition")),
            launch_type=properties.pop("LaunchType"),
            platform_version=properties.pop("PlatformVersion"),
            propagate_tags=properties.pop("PropagateTags"),
            deployment_minimum_healthy_percent=deployment["MinimumHealthyPercent"],
            deployment_maximum_percent=deployment["MaximumPercent"],
            network_configuration=[
                Block(
                    subnets=value(network["Subnets"]),
                    security_groups=value(network["SecurityGroups"]),
                    assign_public_ip=Expr(f'{public} == "ENABLED"'),
                )
            ],
            deployment_circuit_breaker=[Block(enable=breaker["Enable"], rollback=breaker["Rollback"])],
            lifecycle=[Block(ignore_changes=[Expr("desired_count")])],
        ),
    )


def _logical(node: dict[str, str]) -> str:
    return node["Ref"]


def target(name: str, properties: Properties) -> Built:
    yield (
        f"aws_appautoscaling_target.{name}",
        Block(
            service_namespace=properties.pop("ServiceNamespace"),
            scalable_dimension=properties.pop("ScalableDimension"),
            resource_id=value(properties.pop("ResourceId")),
            min_capacity=value(properties.pop("MinCapacity")),
            max_capacity=value(properties.pop("MaxCapacity")),
            depends_on=[Expr("aws_ecs_service.processes_service")],
        ),
    )


def scaling(name: str, properties: Properties) -> Built:
    of = address(_logical(properties.pop("ScalingTargetId")))
    steps = properties.pop("StepScalingPolicyConfiguration")
    yield (
        f"aws_appautoscaling_policy.{name}",
        Block(
            name=value(properties.pop("PolicyName")),
            policy_type=properties.pop("PolicyType"),
            **{
                each: Expr(f"{of}.{each}")
                for each in ("service_namespace", "scalable_dimension", "resource_id")
            },
            step_scaling_policy_configuration=[
                Block(
                    adjustment_type=steps["AdjustmentType"],
                    metric_aggregation_type=steps["MetricAggregationType"],
                    cooldown=steps["Cooldown"],
                    step_adjustment=[
                        Block({snake_case(member): each[member] for member in each})
                        for each in steps["StepAdjustments"]
                    ],
                )
            ],
        ),
    )


def output() -> Block:
    return Block(
        description="The role of the tasks, for what they read beside the stage's own input bucket; null without processes",
        value=Expr(f"local.makes_processes ? {reference('ProcessesRole')} : null"),
    )


BUILDERS: dict[str, Builder] = {
    "AWS::ECS::Cluster": cluster,
    "AWS::ECS::TaskDefinition": task,
    "AWS::ECS::Service": service,
    "AWS::ApplicationAutoScaling::ScalableTarget": target,
    "AWS::ApplicationAutoScaling::ScalingPolicy": scaling,
}
