"""Types of arrays, by what they hold."""

import numpy as np
import numpy.typing as npt

Float16s = npt.NDArray[np.float16]
Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating]  # of any width
Int16s = npt.NDArray[np.int16]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt8s = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]

Picture = UInt8s  # RGB, (height, width, 3)
Pictures = UInt8s  # RGB, (n, height, width, 3)
Points = Float64s  # x to the right and y down, (n, 2) or (faces, n, 2)
Vectors = Float32s  # (n, dim)
