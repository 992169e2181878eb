"""What a call of each task takes: its inputs and parameters, as JSON schemas.

Widgets build their forms from it, and a test holds it together with what the pipelines read.
"""

from phub_jupyter.calls.schema import call_schema, chat_schema

__all__ = ["call_schema", "chat_schema"]
