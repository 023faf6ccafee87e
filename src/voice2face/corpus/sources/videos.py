"""Talking-head videos: ``IDENTITY/*.mp4``, or ``*.mp4`` of one person each."""

from pathlib import Path

from voice2face.corpus.sources.found import (
    VIDEOS,
    File,
    Person,
    Tree,
    identity_of,
    stem_of,
    tree_info,
)
from voice2face.corpus.sources.walk import Walk
from voice2face.errors import CorpusError


def is_videos(root: Path) -> bool:
    """Is there a video below a folder?"""
    return next(Walk(root).files("", VIDEOS), None) is not None


def read_videos(root: Path) -> Tree:
    """List the people; each video gives a voice and faces.

    Raises:
        CorpusError: There is no video.
    """
    walk = Walk(root)
    alone: list[Person] = []
    people: dict[str, Person] = {}
    for path, _ in walk.files("", VIDEOS):
        folder, _, rest = path.partition("/")
        if not rest:
            alone.append(Person(None, {}, _files(path, stem_of(path))))
            continue
        identity = identity_of(folder)
        person = people.setdefault(identity, Person(identity, {}, []))
        person.files.extend(_files(path, f"{identity}/{stem_of(rest)}"))
    if not alone and not people:
        raise CorpusError(
            root,
            "no videos",
            f"files such as {', '.join(('.mp4', '.mkv', '.webm'))}, each in the folder of its "
            "person or of a person of its own",
            "correct the path, or choose another --layout",
        )
    info = tree_info("videos", root, walk.sha256, walk.n_files, aligned=False)
    ordered = [people[identity] for identity in sorted(people)]
    return Tree(info, root, (), alone + ordered, walk.left_out)


def _files(path: str, name: str) -> list[File]:
    return [File("voice", "recording", path, name), File("face", "video", path, name)]
