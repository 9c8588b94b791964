"""``toysuper completion``: commands, configs and the usual settings at a press of TAB."""

import re

from toysuper.cli.configs import known
from toysuper.cli.help import HELP, VERBS, light, usual
from toysuper.cli.sweep.command import parser as axes

BASH = """# source <(toysuper completion bash)
_toysuper() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}
  if [ "$prev" = = ]; then prev=${{COMP_WORDS[COMP_CWORD - 2]}}; fi
  local words=
  case ${{COMP_WORDS[1]}} in
    {verbs_or}) words="{options}" ;;
    sweep) words="{sweep} {options}" ;;
    collect | report) words="--to" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="{commands}"
  elif [ "$prev" = completion ]; then words="{shells}"
  elif [ "$prev" = --config ]; then words="{configs}"
  elif [ "$prev" = --ckpt_path ]; then words="last"
  elif [ "${{cur#-}}" = "$cur" ]; then words=""
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}}
complete -o default -F _toysuper toysuper
"""

ZSH = """# source <(toysuper completion zsh)
autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
"""

FISH = """# toysuper completion fish | source
complete -c toysuper -n __fish_use_subcommand -f -a "{commands}"
complete -c toysuper -n "__fish_seen_subcommand_from {verbs}" -l config -x -a "{configs}"
complete -c toysuper -n "__fish_seen_subcommand_from {verbs}" -l ckpt_path -r -a last
complete -c toysuper -n "__fish_seen_subcommand_from {verbs}" -f -a "{options}"
"""

SHELLS = {"bash": BASH, "zsh": ZSH + BASH.partition("\n")[2], "fish": FISH}


def script(shell: str) -> str:
    """What the shell shall source.

    >>> "demonstrating_superposition" in script("bash")
    True
    """
    commands = re.findall(r"^  (\w+)  ", HELP, re.MULTILINE)
    return SHELLS[shell].format(
        commands=" ".join(dict.fromkeys([*VERBS, *commands])),
        configs=" ".join(known()),
        options=" ".join(sorted({*re.findall(r"--[\w.-]+[\w]", usual("fit")), "--print_config"})),
        sweep=" ".join(re.findall(r"--\w+", axes().format_usage())),
        shells=" ".join(SHELLS),
        verbs=" ".join(VERBS),
        verbs_or=" | ".join(VERBS),
    )


def main(args: list[str]) -> None:
    """Print it."""
    parser = light("completion", __doc__)
    parser.add_argument("shell", choices=SHELLS)
    print(script(parser.parse_args(args).shell), end="")
