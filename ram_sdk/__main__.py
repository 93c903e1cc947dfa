"""`python -m ram_sdk`, the same as `ram-sdk`."""

import sys

from ram_sdk.cli import main

sys.exit(main())
