// The families of kernels that the module has.
#include "families.h"

namespace tidu {

const Entry* const families[] = {
    matmul_kernels,
    softmax_kernels,
    pooling_kernels,
    nullptr,
};

}  // namespace tidu
