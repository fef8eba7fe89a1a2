"""What runs in the notebook itself: IPython's magics. Nothing outside this folder imports IPython."""
