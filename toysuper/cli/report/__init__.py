"""``toysuper report``: the runs of a folder as one page, in the order of the paper."""
