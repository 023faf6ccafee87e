"""Teach the read-offs of gender and age, and what is a voice, and write them to a file.

    python -m voice2face.training.heard VOICES.csv PAIRS.csv OUT.json

VOICES.csv names recordings with the gender of their readers (columns identity, voice, gender);
they teach gender. PAIRS.csv names recordings with a picture of the speaker (identity, voice, face);
the age that a network sees in the pictures teaches age, and the genders of which it is sure say how
sure the read-off of gender may be. Both, and made-up sounds, teach what is a voice.
"""

import argparse
import sys
from pathlib import Path

from voice2face.errors import Voice2FaceError
from voice2face.training.heard.teach import teach
from voice2face.voice_encoders.heard import write_read_offs


def main() -> int:
    """Read the arguments, teach, write."""
    options = argparse.ArgumentParser(
        prog="python -m voice2face.training.heard",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("voices", type=Path)
    options.add_argument("pairs", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    try:
        write_read_offs(given.out, teach(given.voices, given.pairs, given.seed))
    except Voice2FaceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
