// The tables of kernels for the instruction set that was chosen when the module was loaded.
#pragma once

#include <vector>

#include "activation.h"
#include "attention.h"
#include "convolution.h"
#include "copy.h"
#include "gemm.h"
#include "loss.h"
#include "indexing.h"
#include "norm.h"
#include "opcodes.h"
#include "optim.h"
#include "pooling.h"
#include "random.h"
#include "reduce.h"
#include "recurrent.h"
#include "softmax.h"
#include "winograd.h"

namespace tidu {

// X(type, name): a table of each family, which its kernel source fills.
#define TIDU_TABLES(X)   \
  X(ActivationTable, activation_loops) \
  X(AttentionTable, attention_loops) \
  X(LoopTable, loops) \
  X(ConvolutionTable, conv_kernels) \
  X(GemmTable, gemm_kernels) \
  X(SoftmaxTable, softmax_loops) \
  X(LossTable, loss_loops) \
  X(NormTable, norm_loops) \
  X(CopyTable, copy_kernels) \
  X(OptimTable, optim_loops) \
  X(PoolTable, pool_kernels) \
  X(WinogradTable, winograd_kernels) \
  X(SumTable, reductions) \
  X(IndexTable, index_loops) \
  X(RandomTable, random_kernels) \
  X(RecurrentTable, recurrent_kernels)

#define TIDU_EXTERN(type, name) extern type name;
TIDU_TABLES(TIDU_EXTERN)
#undef TIDU_EXTERN

// Chooses the best instruction set of this processor, or the one that TIDU_ISA names if the
// processor has it. Returns its name; null if the processor has none that the module was built for.
const char* choose_isa();

// The instruction sets that the module has kernels for and the processor runs, best first.
std::vector<const char*> supported_isas();

}  // namespace tidu
