import sys

if not sys.flags.safe_path:
    sys.path.append(sys.path.pop(0))  # the working folder, where anything may lie

from toysuper.cli.main import main

main()
