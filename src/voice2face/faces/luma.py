"""Brightness of colours as Rec. 601 weighs it: (..., 3) in RGB times LUMA."""

import numpy as np

WEIGHTS = (0.299, 0.587, 0.114)
LUMA = np.array(WEIGHTS, np.float32)
