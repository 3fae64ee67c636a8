from ..tensor import Tensor
import numpy as np
def legacy_tensor(cls, dtype, args, device):
    t = object.__new__(cls); t._array=np.asarray(args[0], dtype.numpy); t._node=t._view=t._counter=None; return t
