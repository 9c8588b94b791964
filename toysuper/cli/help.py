"""Short help texts, one screen each; ``--help-all`` prints every setting."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

HELP = """usage: toysuper COMMAND --config NAME_OR_FILE [--key value …]

Toy Models of Superposition: one config is one figure of the paper.

commands:
  fit         train the models of a config, then draw, measure and check its claims
  validate    measure a checkpoint on the held-out samples; also test and predict
  configs     list the experiments, with section, time and one line
  report      all runs as one page: each figure beside its claims
  sweep       one fit for each value of keys that a grid cannot vary
  collect     all runs as one table
  completion  print what makes bash, zsh or fish complete commands, configs and settings

examples:
  toysuper fit --config intro
  toysuper fit --config demonstrating_superposition --data.seed 1 --trainer.max_steps 20000
  toysuper fit --config my_experiment.yaml --config gpu
  toysuper validate --config intro --ckpt_path last
  toysuper report runs

more: COMMAND --help has the common settings, fit --help-all all of them with their defaults,
      fit --config intro --print_config those of a config; tensorboard --logdir runs shows the runs
"""

VERBS = {
    "fit": "train the models of a config, then draw, measure and check its claims",
    "validate": "measure a checkpoint on the held-out samples, draw and check",
    "test": "measure a checkpoint on samples that nothing has seen, draw and check",
    "predict": "write features and reconstructions of a checkpoint to predictions.pt",
}

VERB = """usage: toysuper {verb} --config NAME_OR_FILE [--config PRESET_OR_FILE …] [KEY VALUE …]

{what}.

  --config NAME                        an experiment, a preset or a YAML file; later ones win
  --ckpt_path last                     {checkpoint}
  --allow my_models                    a package of yours that the config may import

  --data.seed 1                        the one seed
  --data.n 20                          features
  --data.density 0.1                   p = 1 - S, where the grid has none
  --data.grid '{{density: [1.0, 0.1]}}'  named axes; one model for each cell
  --data.batch_size 1024               samples a step; --data.eval_batches held-out batches
  --model.variant.hidden 5             hidden dimensions m; --model.variant names another class
  --model.objective L1Penalty          what training makes small
  --model.lr 1e-3                      learning rate; --model.schedule cosine
  --trainer.max_steps 10000            optimiser steps; --trainer.accelerator gpu
  --history.num 100                    moments to keep for figures of learning dynamics

  --figures.draw '[my_figures.mine]'   functions to draw; --figures.every validations between
  --metrics.measure, --claims.check    further metrics, claims to check
  --projector.max_models               models on this page of TensorBoard; as --hparams

more: toysuper {verb} --help-all         every setting with its default
      toysuper {verb} --config intro --print_config
"""


def make_parser(command: str, doc: str | None, epilog: str | None = None) -> ArgumentParser:
    """Make the parser of a command that needs neither torch nor Lightning.

    Args:
        command: what follows ``toysuper`` on the command line.
        doc: docstring of the command's module, shown as its description.
        epilog: text below the options.

    >>> make_parser("sweep", "``toysuper sweep``: more.").description
    'toysuper sweep: more.'
    """
    return ArgumentParser(
        f"toysuper {command}",
        description=(doc or "").replace("``", ""),
        epilog=epilog,
        allow_abbrev=False,
        formatter_class=RawDescriptionHelpFormatter,
    )


def make_runs_parser(command: str, doc: str | None, filename: str) -> ArgumentParser:
    """Make the parser of a command that reads a folder of runs and writes one file.

    Args:
        command: what follows ``toysuper`` on the command line.
        doc: docstring of the command's module.
        filename: name of the file that is written into the folder unless ``--to`` names another.
    """
    parser = make_parser(command, doc)
    add = parser.add_argument
    add("folder", nargs="?", default="runs", type=Path, help="the folder of the runs: runs")
    add("--to", type=Path, help=f"the file to write; FOLDER/{filename}")
    return parser


def parse_runs_args(
    args: list[str], command: str, doc: str | None, filename: str
) -> tuple[Path, Path]:
    """Return the folder of runs and the file to write; for the arguments see make_runs_parser.

    >>> parse_runs_args(["a", "--to", "b.html"], "report", "", "report.html")
    (PosixPath('a'), PosixPath('b.html'))
    """
    options = make_runs_parser(command, doc, filename).parse_args(args)
    return options.folder, options.to or options.folder / filename


def short_help(verb: str) -> str:
    """Describe the settings that people change most, and say where the others are listed."""
    fit = verb == "fit"
    checkpoint = f"{'go on with' if fit else 'of'} the newest run; or a checkpoint's path"
    return VERB.format(verb=verb, what=VERBS[verb].capitalize(), checkpoint=checkpoint)
