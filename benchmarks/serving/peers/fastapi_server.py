"""FastAPI, Pillow and onnxruntime: what one writes first. `uvicorn fastapi_server:app --workers N`."""

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pipeline import open_model

app = FastAPI()
models = {name: open_model(name) for name in ("mobilenet_v2", "yolox_nano")}
# Python threads that decode at once beyond the cores only wait for each other.
limiter = anyio.CapacityLimiter(2)


@app.post("/predict/{name}")
async def predict(name: str, request: Request) -> JSONResponse:
    """The picture is the body."""
    data = await request.body()
    return JSONResponse(await anyio.to_thread.run_sync(models[name], data, limiter=limiter))


@app.get("/health")
async def health() -> str:
    """Answers once the models are loaded."""
    return "ready"
