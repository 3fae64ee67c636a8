// The families of kernels that the module has.
#include "families.h"

namespace tidu {

const Entry* const families[] = {
    attention_kernels,
    convolution_entries,
    matmul_kernels,
    loss_kernels,
    norm_kernels,
    optim_kernels,
    reduce_kernels,
    softmax_kernels,
    pooling_kernels,
    copy_operations,
    random_kernel_list,
    nullptr,
};

}  // namespace tidu
