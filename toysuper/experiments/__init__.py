"""The experiments of the paper, a module or a package each, named as its YAML in ``configs/``.

Each holds what only this experiment needs: theory, measurement, figure and claims. The rest of the
library imports none of them, so this package may be deleted.
"""
