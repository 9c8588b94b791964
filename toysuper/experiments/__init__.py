"""The paper, one experiment a file or folder. Nothing imports this room."""
