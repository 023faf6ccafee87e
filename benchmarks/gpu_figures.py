"""What the ways of stepping on a GPU gave, beside what the device's own rates allow."""

import statistics
from dataclasses import asdict
from typing import Any

from benchmarks.gpu_scale import Scale
from benchmarks.harness import Figure, figure
from benchmarks.roofline import Work, as_rows, work_of

MEAN_FRAMES = 550
PRECISIONS = ("bf16", "tf32", "fp32")

Answers = dict[str, dict[str, Any]]


def step_figures(answers: Answers, scale: Scale) -> list[Figure]:
    """Time of each way, the processor's part of it, memory, share of what is possible."""
    least = least_s(answers, scale)
    figures: list[Figure] = []
    for name, answer in answers.items():
        if name == "rates":
            continue
        says = answer["says"]
        figures.append(figure(f"{says}: ms", [1e3 * s for s in answer["s"]]))
        figures.append(figure(f"{says}: launching, ms", [1e3 * s for s in answer["launched_s"]]))
        precision = _precision(name)
        if precision in least:
            shares = [least[precision] / s for s in answer["s"]]
            figures.append(figure(f"{says}: share of the roofline", shares))
        if answer["peak_mb"] is not None:
            figures.append(figure(f"{says}: peak_mb on the card", [answer["peak_mb"]]))
    if "plain" in answers:
        plain = statistics.median(answers["plain"]["s"])
        for name, answer in answers.items():
            if name != "rates" and not name.startswith("plain"):
                times = [plain / s for s in answer["s"]]
                figures.append(figure(f"{answer['says']}: times the plain recipe", times))
    return figures


def _precision(way: str) -> str:
    """The precision whose matrix rate bounds a way."""
    return "tf32" if way == "plain-tf32" else "fp32" if way.startswith("plain") else way[:4]


def least_s(answers: Answers, scale: Scale) -> dict[str, float]:
    """The least time of an iteration, by precision; without the device's rates nothing."""
    if "rates" not in answers:
        return {}
    rates = answers["rates"]
    works = {name: _work(scale, 2 if name == "bf16" else 4) for name in PRECISIONS}
    return {
        name: sum(work.least_s(rates[name], rates["bytes"]) for work in works[name])
        for name in works
    }


def _work(scale: Scale, n_bytes: int) -> list[Work]:
    n_frames = min(max(MEAN_FRAMES, scale.crop[0]), scale.crop[1])
    return work_of(scale.recipe("bf16"), scale.voice, scale.n_people, n_frames, n_bytes)


def about_steps(answers: Answers, scale: Scale) -> dict[str, Any]:
    """The roofline, pass by pass, and what took longest."""
    about: dict[str, Any] = {"steps": asdict(scale)}
    rates = answers.get("rates")
    if rates:
        works = _work(scale, 2)
        about["device"] = {
            **{f"{k}, 10^12 multiply-adds/s": round(rates[k] / 1e12, 2) for k in PRECISIONS},
            "copied, read and written, GB/s": round(rates["bytes"] / 1e9, 1),
        }
        about["one iteration"] = {
            "10^9 multiply-adds": round(sum(w.multiply_adds for w in works) / 1e9, 1),
            "MB moved": round(sum(w.n_bytes for w in works) / 1e6, 1),
            "least ms": {k: round(1e3 * s, 3) for k, s in least_s(answers, scale).items()},
        }
        about["roofline, bf16"] = as_rows(works, rates["bf16"], rates["bytes"])
    for name, answer in answers.items():
        if name != "rates":
            about.setdefault("launched as one graph", {})[name] = answer.get("captured", False)
            if "kernels" in answer:
                about[f"what takes longest, {name}"] = answer["kernels"]
    return about
