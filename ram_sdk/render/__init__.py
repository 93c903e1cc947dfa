"""Pictures of people, in memory: everything that draws a person uses these.

Needs Pillow, `ram_sdk[preview]`.
"""

from ram_sdk.render.pictures import film, stack, strip
from ram_sdk.render.stick_figure import Clip

__all__ = ["Clip", "film", "stack", "strip"]
