"""The sizes that stand in for those of a page in a block that is marked ``small``.

All other words of a command are run as the page has them. An option of this table takes its value,
whether the page gives it or not; what stands in ``MORE`` is added.
"""

PX = "16"
CROPS = "training.crop_frames=[40, 60]"

INSTEAD = {
    "cohort": {"--identities": "14", "--clips": "2", "--faces": "3", "--px": "64",
               "--workers": "1"},
    "prepare": {"--px": PX, "--workers": "0"},
    "train voice": {"--iterations": "2", "--width": "0.03", "--batch-size": "4"},
    "train face": {"--iterations": "2", "--width": "0.03", "--batch-size": "4"},
    "reproduce": {"--seeds": "1", "--iterations": "2", "--width": "0.06", "--voice-iterations": "2",
                  "--jobs": "1", "--resamples": "100", "--variants": "tanh"},
}  # fmt: skip
MORE = {
    "train voice": ("--set", CROPS),
    "train face": ("--set", CROPS, "--set", f"generator.face_px={PX}",
                   "--set", f"critics.face_px={PX}"),
    "reproduce": ("--set", CROPS, "--set", "training.batch_size=4",
                  "--set-voice", CROPS, "--set-voice", "training.batch_size=4",
                  "--set-recogniser", "iterations=2", "--set-recogniser", "batch_size=8",
                  "--set-recogniser", "width=0.1"),
}  # fmt: skip
MEASURE_S = 0.1  # of each training, in the place of three seconds, where `--dry-run` measures


def smaller(words: list[str]) -> list[str]:
    """The words of a command with the sizes above.

    Args:
        words: What follows ``voice2face``.
    """
    command = next((c for c in INSTEAD if words[: len(c.split())] == c.split()), None)
    if command is None:
        return words
    kept: list[str] = []
    skip = False
    for word in words:
        name, _, value = word.partition("=")
        if skip:
            skip = False
        elif name in INSTEAD[command]:
            skip = not value
        else:
            kept.append(word)
    sizes = [word for pair in INSTEAD[command].items() for word in pair]
    return [*kept, *sizes, *MORE.get(command, ())]
