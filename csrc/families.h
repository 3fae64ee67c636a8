// The lists of kernels, one for each family; see kernel.h.
#pragma once

#include "kernel.h"

namespace tidu {

extern const Entry activation_kernels[];
extern const Entry attention_kernels[];
extern const Entry convolution_entries[];
extern const Entry counting_kernels[];
extern const Entry cross_kernels[];
extern const Entry index_element_kernels[];
extern const Entry index_row_kernels[];
extern const Entry mask_kernels[];
extern const Entry matmul_kernels[];
extern const Entry loss_kernels[];
extern const Entry norm_kernels[];
extern const Entry optim_kernels[];
extern const Entry reduce_kernels[];
extern const Entry scan_kernels[];
extern const Entry selection_kernels[];
extern const Entry softmax_kernels[];
extern const Entry sorting_kernels[];
extern const Entry padding_kernels[];
extern const Entry pooling_kernels[];
extern const Entry adaptive_kernels[];
extern const Entry copy_operations[];
extern const Entry view_kernels[];
extern const Entry random_kernel_list[];

// The type of the random number generator, which random.cpp has (a new reference).
PyObject* make_engine_type();
extern const Entry recurrent_layer_kernels[];

}  // namespace tidu
