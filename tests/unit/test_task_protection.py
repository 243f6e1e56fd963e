"""A task of ECS asks its agent not to be stopped while it is at long work; a server of HTTP stands for the agent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from froe.task_protection import TaskProtection

GIVEN = {
    "protection": {"ProtectionEnabled": True, "TaskArn": "arn:aws:ecs:eu-west-1:111122223333:task/froe-dev/1"}
}
DENIED = {
    "error": {
        "Code": "AccessDeniedException",
        "Message": "not authorized to perform ecs:UpdateTaskProtection",
    }
}


class Agent(HTTPServer):
    """asked: method, path and body of each request. answer: status and body."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, Any]] = []
        self.answer: tuple[int, Any] = 200, GIVEN

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/1"


class _Handler(BaseHTTPRequestHandler):
    server: Agent

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        status, answer = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def agent() -> Iterator[Agent]:
    with Agent() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Task:
    """The protection of a task whose clock is `now`; reported: what people were told."""

    def __init__(self, agent: Agent) -> None:
        self.now = 1000.0
        self.reported: list[str] = []
        environment = {"ECS_AGENT_URI": agent.uri}
        self.protection = TaskProtection(environment, self.reported.append, lambda: self.now)

    def follow(self, busy_seconds: float, after: float = 1) -> None:
        self.now += after
        self.protection.follow(busy_seconds)


ON = "/api/1/task-protection/v1/state", {"ProtectionEnabled": True, "ExpiresInMinutes": 5}
OFF = "/api/1/task-protection/v1/state", {"ProtectionEnabled": False}


def test_a_task_is_protected_while_its_work_is_long_and_no_longer(agent: Agent, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")
    task = Task(agent)
    for busy_seconds in (0, 1, 9, 0, 3):
        task.follow(busy_seconds)
    assert agent.asked == [], "short work ends within the grace of a stop"
    for busy_seconds in range(10, 300):
        task.follow(busy_seconds)
    assert agent.asked == [ON, ON, ON], "renewed well before it expires"
    task.follow(0)
    task.follow(0)
    assert agent.asked[3:] == [OFF]
    task.follow(12)
    assert agent.asked[4:] == [ON]
    assert task.reported == []


@pytest.mark.parametrize(
    "answer", [(400, DENIED), (200, DENIED), (200, {"failure": {"Reason": "TASK_NOT_VALID"}}), (500, {})]
)
def test_what_ecs_refuses_is_said_once_and_asked_again(agent: Agent, answer: tuple[int, Any]) -> None:
    task = Task(agent)
    agent.answer = answer
    for busy_seconds in range(20, 130):
        task.follow(busy_seconds)
    assert agent.asked == [ON] * 4
    (sentence,) = task.reported
    assert "ecs:UpdateTaskProtection" in sentence
    agent.answer = 200, GIVEN
    task.follow(140, after=31)
    task.follow(141)
    assert agent.asked == [ON] * 5
    assert len(task.reported) == 1


def test_an_agent_that_is_gone_stops_nothing(agent: Agent) -> None:
    task = Task(agent)
    agent.server_close()
    task.follow(20)
    (sentence,) = task.reported
    assert "ECS was not asked to keep this task" in sentence


def test_elsewhere_than_on_ecs_nothing_is_asked() -> None:
    reported: list[str] = []
    for environment in ({}, {"ECS_AGENT_URI": ""}):
        TaskProtection(environment, reported.append).follow(1000)
    assert reported == []
