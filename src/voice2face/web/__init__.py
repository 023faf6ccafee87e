"""The page and its HTTP interface: ``voice2face serve`` (Starlette, uvicorn; the [web] extra).

A request goes through ``protocol`` (connections), ``guard`` (password, headers), ``app`` (routes),
``upload`` (its bytes), ``desk`` (queue and threads) and ``answer`` (a recording becomes a face).
A recording lies in memory until its face is made, and is never written anywhere.
"""
