// The tables of kernels for the instruction set that was chosen when the module was loaded.
#pragma once

#include "gemm.h"
#include "opcodes.h"

namespace tidu {

extern LoopTable loops;
extern GemmTable gemm_kernels;

// Chooses the best instruction set of this processor, or the one that TIDU_ISA names if the
// processor has it. Returns its name.
const char* choose_isa();

}  // namespace tidu
