"""A CI server of the tests: it signs id tokens for jobs, and publishes its keys."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

__all__ = ["AUDIENCE", "CiServer"]

AUDIENCE = "https://hub.example"


class CiServer:
    """Issues tokens by the name of its own address; ``asked`` counts who wanted its keys."""

    def __init__(self) -> None:
        self.asked = 0
        self.keys: list[Any] = [RSAKey.generate_key(2048, auto_kid=True)]
        ci = self

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                ci.asked += 1
                body = json.dumps(
                    {"keys": [key.as_dict(private=False) for key in ci.keys]}
                ).encode()
                self.send_response(302 if self.path == "/elsewhere" else 200)
                self.send_header("Location", f"{ci.issuer}/keys")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def new_key(self) -> None:
        """Sign with another key from now on."""
        self.keys.insert(0, ECKey.generate_key("P-256", auto_kid=True))

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What a job's token says; ``None`` leaves a claim out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "project_path:acme/bert:ref:main",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "project_path": "acme/bert",
            "ref": "refs/heads/main",
            "ref_protected": "true",
            "project_id": "42",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, **changes: Any) -> str:
        """The id token of a job."""
        key = self.keys[0]
        algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
        header = {"alg": algorithm, "kid": key.kid}
        said = json.dumps(self.claims(**changes)).encode()
        return jws.serialize_compact(header, said, key, algorithms=[algorithm])

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
