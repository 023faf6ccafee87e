"""What stands at twelve places of 24 faces, seen and written down by hand.

The pictures lie beside the checkout; here are labels alone. One letter for each of ``PLACES``, in
order: h hair, b background, m what the border mirrors, s skin, e beard; - it can't be said, or is
none of these.
"""

# As fractions of the crop (geometry "released"), x and y.
PLACES = (
    *((0.50, 0.06), (0.20, 0.10), (0.80, 0.10), (0.05, 0.45), (0.95, 0.45), (0.06, 0.92)),
    *((0.94, 0.92), (0.50, 0.69), (0.50, 0.92), (0.30, 0.86), (0.70, 0.86), (0.50, 0.30)),
)
LABELS = {
    "pairs/voxceleb/face/id10009-0.jpg": "hhhb---ss-ss",
    "pairs/voxceleb/face/id10035-2.jpg": "mbhbhb-ssbss",
    "pairs/voxceleb/face/id10043-0.jpg": "hh-----ss--s",
    "pairs/voxceleb/face/id10084-0.jpg": "h-hb-b-ss-ss",
    "pairs/voxceleb/face/id10127-0.jpg": "hbhbhbss-bs-",
    "pairs/voxceleb/face/id10241-3.jpg": "h--bbh-ss-ss",
    "pairs/voxceleb/face/id10251-0.jpg": "mh--b--eee-s",
    "pairs/voxceleb/face/id10305-2.jpg": "h-hb-b-ee-es",
    "pairs/voxceleb/face/id10320-3.jpg": "-h-hb-bsssbs",
    "pairs/voxceleb/face/id10368-0.jpg": "mbmb---se-ss",
    "pairs/voxceleb/face/id10392-1.jpg": "hh-hbh-ssshs",
    "pairs/voxceleb/face/id10468-0.jpg": "hbhb---s--ss",
    "pairs/voxceleb/face/id10570-0.jpg": "hhhb---ss-s-",
    "pairs/voxceleb/face/id10693-0.jpg": "hb-bbbbss-sh",
    "pairs/voxceleb/face/id10819-1.jpg": "mhhbb--sss-s",
    "pairs/voxceleb/face/id10870-2.jpg": "mh-hb--sss-s",
    "pairs/voxceleb/face/id10905-0.jpg": "m--bb--ss--s",
    "pairs/voxceleb/face/id10950-1.jpg": "hbhb---ss-ss",
    "pairs/voxceleb/face/id11073-4.jpg": "h-b-b-beeebs",
    "open/portrait/p0120.jpg": "-hh-h--sssss",
    "open/portrait/p0180.jpg": "hhhb-b-sssss",
    "open/portrait/p0540.jpg": "hh-hb--ssssh",
    "open/portrait/p0720.jpg": "h-hb-b-sssss",
    "open/portrait/p0780.jpg": "h--bbbbsssss",
}
