#pragma once
#include <nanobind/nanobind.h>

namespace tidu {

// a @ b (+ bias) for matrices, or for stacks of them with the same leading dimensions; None if the
// arrays are not float32 or float64 of one type.
nanobind::object matmul(nanobind::handle a, nanobind::handle b, nanobind::handle bias);

}  // namespace tidu
