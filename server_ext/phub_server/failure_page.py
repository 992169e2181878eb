"""The page that a browser gets instead of an app that does not run."""

from __future__ import annotations

from html import escape

from phub_jupyter.hub.spaces.state import Stage

__all__ = ["failure_page"]

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:12vh auto;padding:0 1.5rem}"
    "h1{font-size:1.4rem}pre{overflow:auto;padding:1rem;border:1px solid #8886;border-radius:6px;"
    "font-size:.85rem;white-space:pre-wrap}"
)
_REMEDIES = {
    Stage.PAUSED: "Somebody who may write to the Space can restart it from its page in JupyterLab.",
    Stage.NO_APP_FILE: "Publish a notebook to this Space: %phub publish PATH --space NAME.",
    Stage.CONFIG_ERROR: "Correct README.md in the Space's repository, then come back.",
    Stage.RUNTIME_ERROR: "Correct the notebook and publish it again; the next visit starts it.",
}


def failure_page(space: str, stage: Stage, message: str | None, log: str) -> str:
    """What is wrong with the Space, what to do about it, and the end of its log if allowed."""
    remedy = _REMEDIES.get(stage, "Come back in a moment.")
    shown = f"<h2>The end of its log</h2><pre>{escape(log)}</pre>" if log else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(space)}</title>'
        f"<style>{_STYLE}</style><h1>{escape(space)} cannot be shown right now</h1>"
        f"<p>{escape(message or 'The app does not run.')}</p><p>{escape(remedy)}</p>{shown}"
    )
