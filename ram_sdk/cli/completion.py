"""`ram-sdk completion`: what a shell needs to complete the command line."""

import argparse

from ram_sdk.cli import console

_SHELLS = ("bash", "zsh", "fish", "powershell")
_EXAMPLES = """
eval "$(ram-sdk completion bash)"                        # in ~/.bashrc
ram-sdk completion zsh > ~/.zfunc/_ram-sdk
ram-sdk completion fish > ~/.config/fish/completions/ram-sdk.fish
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(commands, "completion", "print a shell's completion of this program", _EXAMPLES)
    parser.set_defaults(run=run)
    parser.add_argument("shell", choices=_SHELLS, metavar="SHELL", help=", ".join(_SHELLS))


def run(arguments: argparse.Namespace) -> int:
    """Print the script; returns the exit code."""
    import shtab

    from ram_sdk.cli import parser

    script = shtab.complete(parser(), arguments.shell)
    console.say(script, {"shell": arguments.shell, "script": script})
    return 0
