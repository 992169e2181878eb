"""The few pages that the hub itself shows in a browser: plain, without scripts."""

from __future__ import annotations

from html import escape

__all__ = ["PAGE_POLICY", "page"]

PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of such a page."""

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:38rem;margin:12vh auto;padding:0 1.5rem}"
    "h1{font-size:1.4rem}label{display:block;margin:1rem 0 .25rem}"
    "input{font:inherit;padding:.4rem;width:100%;box-sizing:border-box}"
    "button{font:inherit;padding:.4rem 1.2rem;margin:1.2rem .6rem 0 0}"
)


def page(title: str, body: str) -> str:
    """A whole page; ``body`` is HTML of ours, in which what others wrote is escaped already."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1>{body}"
    )
