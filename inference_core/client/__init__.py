"""A client of a Satchel server, for Python.

    from inference_core.client import Client

    with Client("http://127.0.0.1:8080") as satchel:
        result = satchel.predict("resnet50", "dog.jpg")

Answers are the records of `inference_core.tasks`, errors those of `inference_core.errors`, just as in the server.
Importing it loads neither NumPy nor httpx; the first client and the first result do.
"""

from inference_core.client.asynchronous import AsyncClient
from inference_core.client.blocking import Client
from inference_core.client.calls import UNCHANGED
from inference_core.client.pictures import Picture

__all__ = ["UNCHANGED", "AsyncClient", "Client", "Picture"]
