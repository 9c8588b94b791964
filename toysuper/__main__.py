from toysuper.cli import main

main()
