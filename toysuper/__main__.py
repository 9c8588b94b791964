from toysuper.cli.main import main

main()
