"""The panels without a browser: their sliders are moved and their buttons pressed in Python."""

import threading

import ipywidgets

LONG = 60  # seconds: what takes longer hangs


def widgets_of(panel):
    """All the widgets of a panel, from its root down."""
    waiting = [panel.root]
    while waiting:
        widget = waiting.pop()
        waiting.extend(getattr(widget, "children", ()))
        yield widget


def shown(panel):
    """All that a panel shows as HTML."""
    return "\n".join(w.value for w in widgets_of(panel) if isinstance(w, ipywidgets.HTML))


def find(panel, kind, name):
    """The widget of this kind with this name."""
    for widget in widgets_of(panel):
        if isinstance(widget, kind) and widget.description == name:
            return widget
    raise LookupError(name)


def find_only(panel, kind):
    """The only widget of this kind."""
    (only,) = (widget for widget in widgets_of(panel) if isinstance(widget, kind))
    return only


def press(panel, name):
    """Press the button of this name, which must be enabled."""
    button = find(panel, ipywidgets.Button, name)
    assert not button.disabled, f"{name} cannot be pressed"
    button.click()


def put(panel, name, value):
    """Type a number into the box of a slider."""
    kinds = (ipywidgets.BoundedIntText, ipywidgets.BoundedFloatText)
    find(panel, kinds, f"{name}, as a number").value = value


def workers():
    """The threads of panels that are at work."""
    return [thread for thread in threading.enumerate() if thread.name == "lessons-worker"]
