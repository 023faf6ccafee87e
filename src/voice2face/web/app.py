"""The addresses of the server, and what each answers."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from voice2face import __version__
from voice2face.audio.apart import Decoders
from voice2face.errors import AudioError, ModelError
from voice2face.release.model_folder import CARD
from voice2face.web.answer import Maker, Order
from voice2face.web.examples import CREDIT, EXAMPLES, TYPE, example_recording
from voice2face.web.limits import Limits
from voice2face.web.metrics import PLAIN, Metrics
from voice2face.web.models import Models
from voice2face.web.pages import card_page, links
from voice2face.web.queue import Desk
from voice2face.web.refusals import LeftError, RefusedError, bad_query, closing
from voice2face.web.security import Guard
from voice2face.web.upload import check_head, read_recording, unless_gone

STATIC = Path(__file__).parent / "static"
MOST_MORE = 24
MOST_SEED = 2**32 - 1
NOTICE = (
    "A face made from a voice is a guess that shares what the model has learned to hear in a "
    "voice, above all gender. It is not a likeness: many different people would fit the same "
    "voice. Do not use it to identify or to judge anybody, ask people before you make a face from "
    "their voice, and say that the picture was made by a machine. The recording stays in memory "
    "until its face is made, and nothing is kept."
)
LEFT = 499  # as nginx calls it: nobody reads the answer


class Site:
    """One server's answers.

    Args:
        models: What it offers.
        limits: What it takes.
    """

    def __init__(self, models: Models, limits: Limits) -> None:
        self._models, self._limits = models, limits
        self.metrics = Metrics()
        self.desk = Desk(limits, self.metrics)
        self.decoders = Decoders(limits.threads, seconds=limits.decode_s, cpu_s=limits.decode_cpu_s)
        self.maker = Maker(limits.recording_s)
        self._began = time.monotonic()

    def app(self, password: str = "", root_path: str = "", hosts: Collection[str] = ()) -> Guard:
        """The application.

        Args:
            password: Asked for; empty: none.
            root_path: Prefix of all addresses behind a proxy.
            hosts: Further names of the server.
        """
        routes = Starlette(
            routes=[
                Route("/", self._page),
                Route("/api/about", self._about),
                Route("/api/examples/{name}.webm", self._example),
                Route("/card", self._card),
                Route("/api/faces", self._faces, methods=["POST"]),
                Route("/healthz", self._health),
                Route("/metrics", self._metrics),
                Mount("/static", StaticFiles(directory=STATIC, check_dir=False)),
            ],
            exception_handlers={HTTPException: _http_error, Exception: _unforeseen},
            lifespan=self._lifespan,
        )
        routes.router.redirect_slashes = (
            False  # a redirect would name a host, maybe not the proxy's
        )
        return Guard(routes, password, root_path, hosts)

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        self.desk.closing = True
        self.desk.shut()
        self.decoders.close()  # and with it ends what a thread may still wait for

    async def _page(self, request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def _about(self, request: Request) -> Response:
        limits = self._limits
        return JSONResponse(
            {
                "version": __version__,
                "models": self._models.about(),
                "limits": {
                    "bytes": limits.recording_bytes,
                    "seconds": limits.recording_s,
                    "wait_s": limits.wait_s,
                },
                "least_speech_s": self._models.least_speech_s,
                "examples": [
                    {"name": name, "title": title, "url": f"api/examples/{name}.webm"}
                    for name, title in EXAMPLES.items()
                ],
                "examples_credit": CREDIT,
                "links": links(),
                "notice": NOTICE,
            }
        )

    async def _card(self, request: Request) -> Response:
        try:
            name, model = self._models.find(request.query_params.get("model", ""))
        except RefusedError as refusal:
            return JSONResponse(refusal.data, refusal.status)
        root = request.scope["root_path"]
        page = await run_in_threadpool(card_page, name, model.folder / CARD, root)
        return HTMLResponse(page)

    async def _example(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in EXAMPLES:
            raise HTTPException(404)
        return Response(await run_in_threadpool(example_recording, name), media_type=TYPE)

    async def _health(self, request: Request) -> Response:
        status, word = (503, "closing") if self.desk.closing else (200, "ok")
        up_s = round(time.monotonic() - self._began, 1)
        return JSONResponse({"status": word, "version": __version__, "up_s": up_s}, status)

    async def _metrics(self, request: Request) -> Response:
        return Response(self.metrics.text(), media_type=PLAIN)

    async def _faces(self, request: Request) -> Response:
        try:
            answer = await self._face(request)
            outcome = "face"
        except RefusedError as refusal:
            answer = JSONResponse(refusal.data, refusal.status, refusal.headers)
            outcome = refusal.outcome
        except LeftError:
            answer, outcome = Response(status_code=LEFT), "left"
        except Exception:
            self.metrics.faces.labels("failed").inc()
            raise
        self.metrics.faces.labels(outcome).inc()
        return answer

    async def _face(self, request: Request) -> Response:
        order = _order(request)
        name, model = self._models.find(request.query_params.get("model", ""))
        check_head(request, self._limits)
        self.desk.check_room()
        with self.desk.held() as keep:
            recording = await self._recording(request, keep)
            read = partial(self.decoders.read_speech, recording, first_s=self.maker.first_s)
            work = partial(self.maker.answer, model, name, read, order)
            try:
                made = await unless_gone(request, self.desk.do(work))
            except AudioError as error:
                sentence = f"No face can be made of this recording: {error.found}."
                raise RefusedError(
                    422, "bad_recording", sentence, error.wanted, error.remedy, error.numbers
                ) from error
            except ModelError as error:  # which of its files failed is not for visitors
                sentence, remedy = "The model could not make a face.", "choose another model"
                raise RefusedError(500, "failed", sentence, "", remedy) from error
        kind = "image/png" if order.picture_only else "application/json"
        return Response(made, media_type=kind)

    async def _recording(self, request: Request, keep: Callable[[int], None]) -> bytes:
        try:
            return await read_recording(request, self._limits, keep)
        except asyncio.CancelledError:
            if self.desk.closing:  # the server ends while somebody still sends
                raise closing() from None
            raise


def _order(request: Request) -> Order:
    """What the query asks for."""
    accepted = request.headers.get("accept", "")
    return Order(
        more=_number(request, "more", 9, MOST_MORE),
        seed=_number(request, "seed", 0, MOST_SEED),
        label=_number(request, "label", 0, 1) == 1,
        picture_only=accepted.split(",")[0].split(";")[0].strip().lower() == "image/png",
    )


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= most):
        raise bad_query(name, text, f"a whole number from 0 to {most}")
    return int(text)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        methods = (error.headers or {}).get("Allow", "another method")
        data = {"error": f"{request.method} is not answered at this address.", "wanted": methods}
    else:
        data = {"error": "There is nothing at this address.", "wanted": "one that /api/about names"}
    answer = data | {"next": "correct the request"}
    return JSONResponse(answer, error.status_code, error.headers)


async def _unforeseen(request: Request, error: Exception) -> Response:
    data: dict[str, Any] = {
        "error": "The server failed at this.",
        "wanted": "",
        "next": "try again",
    }
    return JSONResponse(data, 500)
