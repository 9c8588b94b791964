from toysuper.command import main

main()
