"""RAM in Blender: motions from a prompt, made by a `ram-sdk studio` server.

Only the standard library and Blender's own modules are imported.
"""

from . import operators, panel, settings


def register() -> None:
    """Tell Blender of the panel and its operators."""
    settings.register()
    operators.register()
    panel.register()


def unregister() -> None:
    """Take them away."""
    panel.unregister()
    operators.unregister()
    settings.unregister()
