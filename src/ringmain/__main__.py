"""`python -m ringmain`."""

from ringmain.cli import main

main()
