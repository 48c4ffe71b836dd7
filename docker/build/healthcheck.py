"""Exits with 0 while the server is ready. Only the standard library, since it runs every few seconds."""

import http.client
import os
import sys

port = int(os.environ.get("SATCHEL_PORT", "8080"))
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
try:
    connection.request("GET", "/health/ready")
    sys.exit(connection.getresponse().status != 200)
except OSError as error:
    sys.exit(f"no answer on port {port}: {error}")
