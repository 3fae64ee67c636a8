// The families of kernels that the module has.
#include "families.h"

namespace tidu {

const Entry* const families[] = {
    activation_kernels,
    attention_kernels,
    convolution_entries,
    counting_kernels,
    cross_kernels,
    index_element_kernels,
    index_row_kernels,
    mask_kernels,
    matmul_kernels,
    loss_kernels,
    norm_kernels,
    optim_kernels,
    reduce_kernels,
    scan_kernels,
    selection_kernels,
    softmax_kernels,
    sorting_kernels,
    padding_kernels,
    pooling_kernels,
    adaptive_kernels,
    copy_operations,
    view_kernels,
    random_kernel_list,
    recurrent_layer_kernels,
    nullptr,
};

}  // namespace tidu
