"""Shell completion, generated from the commands themselves: the script runs nothing when a key is pressed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import click


@dataclass(frozen=True, slots=True)
class Option:
    """names: as they are typed. value: whether one follows. choices: all of them, where it has some. path: a file's."""

    names: tuple[str, ...]
    help: str
    value: bool
    choices: tuple[str, ...]
    path: bool


@dataclass(frozen=True, slots=True)
class Command:
    """words: what is typed after `froe`, none for `froe` itself. paths: whether its arguments are files."""

    words: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    arguments: tuple[str, ...]
    paths: bool
    below: tuple[str, ...]

    @property
    def named(self) -> str:
        return " ".join(self.words)


def commands_of(program: click.Group) -> list[Command]:
    """`froe` and all that is below it."""
    return list(_commands(program, ()))


def _commands(command: click.Command, words: tuple[str, ...]) -> Iterator[Command]:
    context = click.Context(command)
    below = command.list_commands(context) if isinstance(command, click.Group) else []
    parameters = command.get_params(context)
    arguments = [one for one in parameters if isinstance(one, click.Argument)]
    yield Command(
        words,
        command.get_short_help_str(80),
        tuple(_option(one) for one in parameters if isinstance(one, click.Option) and not one.hidden),
        tuple(choice for one in arguments for choice in _choices(one)),
        any(isinstance(one.type, click.Path) for one in arguments),
        tuple(below),
    )
    for name in below:
        inner = command.get_command(context, name) if isinstance(command, click.Group) else None
        if inner and not inner.hidden:
            yield from _commands(inner, (*words, name))


def _option(option: click.Option) -> Option:
    return Option(
        (*option.opts, *option.secondary_opts),
        (option.help or "").split(".  [")[0].rstrip("."),
        value=not option.is_flag and not option.count,
        choices=_choices(option),
        path=isinstance(option.type, click.Path),
    )


def _choices(parameter: click.Parameter) -> tuple[str, ...]:
    return tuple(map(str, parameter.type.choices)) if isinstance(parameter.type, click.Choice) else ()


def _cases(commands: Sequence[Command], files: str, words: Callable[[Sequence[str]], str]) -> Iterator[str]:
    """What follows options that take a value, as the branches of bash's and zsh's `case`."""
    for command in commands:
        for option in command.options:
            pattern = "|".join(shlex.quote(f"{command.named}:{name}") for name in option.names)
            if option.value:
                does = words(option.choices) if option.choices else files if option.path else ":"
                yield f"        {pattern}) {does}; return ;;"


def _walk(commands: Sequence[Command], each: str) -> list[str]:
    """The lines that find which command is meant by the words before the one that is completed."""
    known = "|".join(shlex.quote(command.named) for command in commands if command.words)
    return [
        f"    {each}",
        '        case "${command:+$command }$one" in',
        f'            {known}) command="${{command:+$command }}$one" ;;',
        "        esac",
        "    done",
    ]


def bash(commands: Sequence[Command]) -> str:
    """To be put in ~/.bashrc, or into a folder of completions."""

    def words(choices: Sequence[str]) -> str:
        return f'COMPREPLY=($(compgen -W {shlex.quote(" ".join(choices))} -- "$word"))'

    files = "compopt -o default 2>/dev/null"
    lines = [
        "_froe() {",
        '    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command="" one',
        "    COMPREPLY=()",
        *_walk(commands, 'for one in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do'),
        '    case "$command:$before" in',
        *_cases(commands, files, words),
        "    esac",
        '    case "$command:$word" in',
    ]
    for command in commands:
        names = [name for option in command.options for name in option.names]
        lines.append(f"        {shlex.quote(command.named + ':')}-*) {words(names)} ;;")
        if command.below or command.arguments:
            lines.append(
                f"        {shlex.quote(command.named + ':')}*) {words(command.below or command.arguments)} ;;"
            )
        elif command.paths:
            lines.append(f"        {shlex.quote(command.named + ':')}*) {files} ;;")
    return "\n".join([*lines, "    esac", "}", "complete -F _froe froe", ""])


def zsh(commands: Sequence[Command]) -> str:
    """To be put in ~/.zshrc behind `compinit`, or as `_froe` into a folder of $fpath."""

    def words(choices: Sequence[str]) -> str:
        return f"compadd -- {' '.join(map(shlex.quote, choices))}"

    helps = {command.named: command.help for command in commands}
    lines = [
        "#compdef froe",
        "_froe() {",
        '    local before=${words[CURRENT-1]} command="" one',
        "    local -a found",
        *_walk(commands, 'for one in "${(@)words[2,CURRENT-1]}"; do'),
        '    case "$command:$before" in',
        *_cases(commands, "_files", words),
        "    esac",
        '    case "$command:$PREFIX" in',
    ]
    for command in commands:
        options = [(name, option.help) for option in command.options for name in option.names]
        lines.append(f"        {shlex.quote(command.named + ':')}-*) {_described('option', options)} ;;")
        if command.below:
            below = [(name, helps[" ".join((*command.words, name))]) for name in command.below]
            lines.append(f"        {shlex.quote(command.named + ':')}*) {_described('command', below)} ;;")
        elif command.arguments or command.paths:
            does = words(command.arguments) if command.arguments else "_files"
            lines.append(f"        {shlex.quote(command.named + ':')}*) {does} ;;")
    return "\n".join([*lines, "    esac", "}", "compdef _froe froe", ""])


def _described(kind: str, named: Sequence[tuple[str, str]]) -> str:
    pairs = " ".join(shlex.quote(f"{name}:{help_text}") for name, help_text in named)
    return f"found=({pairs}); _describe {kind} found"


def fish(commands: Sequence[Command]) -> str:
    """To be put in ~/.config/fish/config.fish, or as `froe.fish` into ~/.config/fish/completions."""
    helps = {command.named: command.help for command in commands}
    lines = ["complete -c froe -f"]
    for command in commands:
        seen = [f"__fish_seen_subcommand_from {word}" for word in command.words]
        unseen = [f"not __fish_seen_subcommand_from {' '.join(command.below)}"] if command.below else []
        here = shlex.quote("; and ".join([*seen, *unseen])) if seen or unseen else "true"
        for name in command.below:
            help_text = shlex.quote(helps[" ".join((*command.words, name))])
            lines.append(f"complete -c froe -n {here} -a {name} -d {help_text}")
        if command.arguments:
            lines.append(f"complete -c froe -n {here} -a {shlex.quote(' '.join(command.arguments))}")
        if command.paths:
            lines.append(f"complete -c froe -n {here} -F")
        for option in command.options:
            spelt = " ".join(
                f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
            )
            takes = f" -x -a {shlex.quote(' '.join(option.choices))}" if option.choices else ""
            if option.value and not option.choices:
                takes = " -r -F" if option.path else " -x"
            lines.append(f"complete -c froe -n {here} {spelt}{takes} -d {shlex.quote(option.help)}")
    return "\n".join([*lines, ""])


SHELLS: Final[Mapping[str, Callable[[Sequence[Command]], str]]] = {"bash": bash, "zsh": zsh, "fish": fish}
