"""`python -m ram_sdk.cli`, the same as `ram-sdk`."""

import sys

from ram_sdk.cli import main

sys.exit(main())
