"""Colours, dashes and markers of the lines of figures."""

# Okabe and Ito 2008, told apart with any kind of colour vision; lighter ones on a dark ground.
LIGHT = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
DARK = ("#56B4E9", "#E69F00", "#2CC295", "#E08BC0", "#ECE8E1", "#F0E442", "#A9B8FF")
DASHES = ("", "5 2", "1.5 1.5", "6 1.5 1.5 1.5")  # in grey print; in points
MARKERS = "os^Dv<>"  # as matplotlib names them
