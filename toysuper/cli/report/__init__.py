"""``toysuper report``: write the runs of a folder as one page."""
