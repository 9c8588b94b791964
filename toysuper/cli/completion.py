"""``toysuper completion``: what a shell needs to complete commands, configs and settings.

bash: source <(toysuper completion bash)
zsh:  toysuper completion zsh > a folder of $fpath/_toysuper
fish: toysuper completion fish | source
"""

import re
from argparse import ArgumentParser

import shtab

from toysuper.cli.configs import bundled_configs
from toysuper.cli.help import HELP, VERBS, make_parser, make_runs_parser, short_help
from toysuper.cli.sweep.run import make_sweep_parser

SHELLS = ("bash", "zsh", "fish")


def main(args: list[str]) -> None:
    """Print the script."""
    parser = make_parser("completion", __doc__)
    parser.add_argument("shell", choices=SHELLS)
    print(script(parser.parse_args(args).shell), end="")


def script(shell: str) -> str:
    """Return the completion script of a shell.

    >>> "demonstrating_superposition" in script("bash")
    True
    """
    return shtab.complete(_make_command_parser(), shell)


def _make_command_parser() -> ArgumentParser:
    """Make a parser of all commands with their common settings.

    The real parser needs torch: its script has 0.9 MB and takes nine seconds to print.
    """
    parser = ArgumentParser("toysuper", add_help=False)
    commands = parser.add_subparsers()
    descriptions = dict(re.findall(r"^  (\w+)  +(.*)", HELP, re.MULTILINE))
    for verb, description in VERBS.items():
        settings = _make_settings_parser(verb)
        commands.add_parser(verb, help=description, parents=[settings], add_help=False)
    for command, parents in _make_option_parsers().items():
        description = descriptions[command]
        commands.add_parser(command, help=description, parents=parents, add_help=False)
    return parser


def _make_settings_parser(verb: str) -> ArgumentParser:
    """Make a parser of the settings that the short help of a verb names."""
    parser = ArgumentParser(add_help=False)
    choices = {"--config": list(bundled_configs()), "--ckpt_path": ["last"]}
    for option in sorted({*re.findall(r"--[\w.-]+\w", short_help(verb)), "--print_config"}):
        several = "+" if option == "--config" else None  # bash splits --config=intro into 3 words
        parser.add_argument(option, choices=choices.get(option), nargs=several)
    return parser


def _make_option_parsers() -> dict[str, list[ArgumentParser]]:
    """Make the parsers of the commands that train nothing by themselves."""
    completion = make_parser("completion", "")
    completion.add_argument("shell", choices=SHELLS)
    return {
        "configs": [make_parser("configs", "")],
        "completion": [completion],
        "report": [make_runs_parser("report", "", "report.html")],
        "collect": [make_runs_parser("collect", "", "collected.csv")],
        "sweep": [make_sweep_parser(), _make_settings_parser("fit")],
    }
