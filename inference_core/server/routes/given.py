"""What FastAPI gives to routes: the service, and the parameters that several of them have."""

from typing import Annotated

from fastapi import Depends, Path, Query

from inference_core.server.given import service_of
from inference_core.server.service import Service

TheService = Annotated[Service, Depends(service_of)]
Name = Annotated[str, Path(description="The model's name.")]
Version = Annotated[str | None, Query(description="The model's version; without it the newest.", max_length=128)]
