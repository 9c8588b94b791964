"""Help of one screen each; what is longer is behind ``--help-all``."""

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
  completion  for bash, zsh or fish

examples:
  toysuper fit --config intro
  toysuper fit --config demonstrating_superposition --data.seed 1 --trainer.max_steps 20000
  toysuper fit --config my_experiment.yaml --config gpu
  toysuper validate --config intro --ckpt_path last
  toysuper report runs

more: COMMAND --help has the usual settings, fit --help-all every one with its default,
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
  --model.hidden 5                     hidden dimensions m; --model names another class
  --trainer.max_steps 10000            optimiser steps; --trainer.accelerator gpu
  --history.num 100                    moments to keep for figures of learning dynamics

  --figures.draw '[my_figures.mine]'   functions to draw; --figures.every validations between
  --metrics.measure, --claims.check    functions to measure, claims to check
  --projector.most, --hparams.most     models on these pages of TensorBoard

more: toysuper {verb} --help-all         every setting with its default
      toysuper {verb} --config intro --print_config
"""


def light(command: str, doc: str | None, epilog: str | None = None) -> ArgumentParser:
    """The parser of a command that needs nothing heavy, described by a module's docstring.

    >>> light("sweep", "``toysuper sweep``: more.").description
    'toysuper sweep: more.'
    """
    return ArgumentParser(
        f"toysuper {command}",
        description=(doc or "").replace("``", ""),
        epilog=epilog,
        allow_abbrev=False,
        formatter_class=RawDescriptionHelpFormatter,
    )


def of_runs(args: list[str], command: str, doc: str | None, name: str) -> tuple[Path, Path]:
    """What a command over the runs of a folder was given: the folder, and the file to write.

    >>> of_runs(["a", "--to", "b.html"], "report", "", "report.html")
    (PosixPath('a'), PosixPath('b.html'))
    """
    parser = light(command, doc)
    parser.add_argument("folder", nargs="?", default="runs", type=Path, help="where the runs lie")
    parser.add_argument("--to", type=Path, help=f"the file to write; FOLDER/{name}")
    given = parser.parse_args(args)
    return given.folder, given.to or given.folder / name


def usual(verb: str) -> str:
    """The settings that people change, and where the others are."""
    fit = verb == "fit"
    checkpoint = f"{'go on with' if fit else 'of'} the newest run; or a checkpoint's path"
    return VERB.format(verb=verb, what=VERBS[verb].capitalize(), checkpoint=checkpoint)
