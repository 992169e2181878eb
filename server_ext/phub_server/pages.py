"""The few pages that the hub itself shows in a browser: plain, without scripts."""

from __future__ import annotations

from html import escape

__all__ = ["PAGE_POLICY", "page", "page_policy"]


def page_policy(form_targets: str = "") -> str:
    """The Content-Security-Policy of a page whose form may lead to these origins as well."""
    return (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
        f"form-action 'self' {form_targets}".rstrip()
    )


PAGE_POLICY = page_policy()
"""The Content-Security-Policy of a page that leads nowhere else."""

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:38rem;margin:12vh auto;padding:0 1.5rem}"
    "h1{font-size:1.4rem}label{display:block;margin:1rem 0 .25rem}"
    "input{font:inherit;padding:.4rem;width:100%;box-sizing:border-box}"
    "button{font:inherit;padding:.4rem 1.2rem;margin:1.2rem .6rem 0 0}"
    "code{overflow-wrap:anywhere}ul{padding-left:1.2rem}"
    ".small{font-size:.85rem;opacity:.85}"
    "button.main{background:#1a56b0;color:#fff;border:1px solid #1a56b0;border-radius:4px}"
    "button.other{background:transparent;color:inherit;border:1px solid;border-radius:4px}"
    ":focus-visible{outline:3px solid #5b9bff;outline-offset:2px}"
)


def page(title: str, body: str) -> str:
    """A whole page; ``body`` is HTML of ours, in which what others wrote is escaped already."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1>{body}"
    )
