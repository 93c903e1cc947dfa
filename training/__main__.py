"""`python -m training` lists the commands, `python -m training COMMAND ...` runs one."""

import sys

from training.commands.runner import main

if __name__ == "__main__":
    sys.exit(main())
