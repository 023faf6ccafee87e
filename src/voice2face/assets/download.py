"""One file over HTTPS, whole and with the right checksum, or nothing."""

import hashlib
import http.client
import ipaddress
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO, Any

from voice2face import __version__
from voice2face.errors import OutputError
from voice2face.files import atomic_write

SILENCE_S = 20.0  # of the other side
MOST_S = 300.0  # of the whole download
BLOCK_BYTES = 65_536


class DownloadError(Exception):
    """Why there is no file, worded to follow "could not be"."""


def download(url: str, target: Path, *, sha256: str, n_bytes: int) -> None:
    """Fetch a file whose content is known beforehand.

    It is written beside ``target`` and takes its place when its checksum has been found right;
    whatever happens before, nothing is left over. Several processes may do so at once.

    Args:
        url: Of scheme https; http only on this machine itself (127.0.0.1, ::1, localhost).
        target: Where it goes; its folder is created.
        sha256: What the content must have.
        n_bytes: What the content must have; not a byte more is read.

    Raises:
        DownloadError: It can't be had, is another file, or can't be written.
    """
    if target.is_dir() and not target.is_symlink():
        raise DownloadError(f"written ({target} is a folder; remove it)")
    try:
        with atomic_write(target) as temporary:
            _fetch(url, temporary, sha256, n_bytes)
    except OutputError as error:
        raise DownloadError(f"written ({error.thing}: {error.found})") from error


def _fetch(url: str, path: Path, sha256: str, n_bytes: int) -> None:
    digest, n_read, end = hashlib.sha256(), 0, time.monotonic() + MOST_S
    with path.open("xb") as file, _opened(url) as response:
        while block := _read(response, n_bytes + 1 - n_read):
            n_read += len(block)
            if n_read > n_bytes:
                raise DownloadError(f"downloaded (more than its {n_bytes} bytes came)")
            if time.monotonic() > end:
                raise DownloadError(f"downloaded (not complete after {MOST_S:.0f} s)")
            digest.update(block)
            file.write(block)
    if n_read < n_bytes:
        raise DownloadError(f"downloaded (broke off after {n_read} of {n_bytes} bytes)")
    if digest.hexdigest() != sha256:
        raise DownloadError(f"downloaded (what came has sha256 {digest.hexdigest()})")


def _opened(url: str) -> Any:
    _check_scheme(url)
    # Only what is needed: the default opener would also read file:, ftp: and data:.
    opener = urllib.request.OpenerDirector()
    for handler in (
        # No proxy between us and ourselves; None: as the environment says.
        urllib.request.ProxyHandler({} if _is_loopback(url) else None),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    headers = {"User-Agent": f"voice2face/{__version__}", "Accept-Encoding": "identity"}
    try:
        return opener.open(urllib.request.Request(url, headers=headers), timeout=SILENCE_S)
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadError(f"downloaded (HTTP {error.code} {error.reason})") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DownloadError(f"downloaded ({_reason(error)})") from error


def _read(response: IO[bytes], most: int) -> bytes:
    try:
        return response.read(min(BLOCK_BYTES, most))
    except http.client.IncompleteRead as error:  # the length says that it is too short
        return error.partial
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DownloadError(f"downloaded ({_reason(error)})") from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to where a first address might point as well."""

    max_redirections = 5

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        if req.type == "https" and urllib.parse.urlsplit(newurl).scheme != "https":
            raise DownloadError(f"downloaded (redirected to {newurl}, which is not https)")
        _check_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_scheme(url: str) -> None:
    scheme = urllib.parse.urlsplit(url).scheme
    if scheme != "https" and not (scheme == "http" and _is_loopback(url)):
        raise DownloadError(f"downloaded ({url} is not https)")


def _is_loopback(url: str) -> bool:
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, OSError) and cause.errno and cause.strerror:
        # Of name resolution the number has no meaning to os.strerror.
        return cause.strerror if cause.errno < 0 else os.strerror(cause.errno)
    return str(cause) or type(cause).__name__
