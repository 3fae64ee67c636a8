// The Python module tidu.backend._kernels.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <string>

#include "arrays.h"
#include "calls.h"
#include "direct.h"
#include "cases.h"
#include "dispatch.h"
#include "families.h"
#include "kernel.h"
#include "memory.h"
#include "parallel.h"
#include "program.h"
#include "walk.h"

namespace nb = nanobind;
using namespace tidu;

NB_MODULE(_kernels, m) {
  m.doc() = "tidu's native kernels: arrays in, arrays out. See docs/native.md.";
  if (!prepare_arrays()) throw nb::python_error();
  parallel::prepare_for_forks();
  const char* isa = choose_isa();
  if (!isa) throw nb::import_error("the kernels were built for another processor");
  m.attr("isa") = isa;
  m.def("build", [m] {
    nb::dict out;
    out["isa"] = m.attr("isa");
    nb::list isas;
    for (const char* name : supported_isas()) isas.append(name);
    out["isas"] = isas;
    out["compiler"] = TIDU_COMPILER;
    out["numpy"] = TIDU_NUMPY_VERSION;
    return out;
  });

  m.def("allow_winograd", [](bool on) { allow_winograd(on); });
  m.def("winograd_allowed", [] { return winograd_allowed(); });

  m.def("threads", [] { return parallel::threads(); });
  m.def("set_threads", [](int n) { parallel::set_threads(n); });

  m.def("memory_stats", [] {
    memory::Stats s = memory::stats();
    nb::dict out;
    out["in_use"] = s.in_use;
    out["cached"] = s.cached;
    out["peak"] = s.peak;
    out["allocations"] = s.allocations;
    out["hits"] = s.hits;
    return out;
  });
  m.def("empty_cache", [] { memory::empty_cache(); });
  m.def("fail_allocation_after", [](int64_t allocations) { memory::fail_after(allocations); });
  m.def("reset_peak", [] { memory::reset_peak(); });

  nb::object kernel = nb::steal(make_kernel_type());
  if (!kernel.is_valid()) throw nb::python_error();
  m.attr("Kernel") = kernel;
  m.def("kernel", [](const char* name, nb::handle reference) {
    nb::object made = nb::steal(make_kernel(name, reference.ptr()));
    if (!made.is_valid()) throw nb::python_error();
    return made;
  });

  nb::object engine = nb::steal(make_engine_type());
  if (!engine.is_valid()) throw nb::python_error();
  m.attr("Engine") = engine;

  nb::object program = nb::steal(make_program_type());
  if (!program.is_valid()) throw nb::python_error();
  m.attr("Program") = program;
  nb::object call = nb::steal(make_call_type());
  if (!call.is_valid()) throw nb::python_error();
  m.attr("Call") = call;
  m.def("prepare_calls", [](nb::args world) {
    if (!prepare_world(world.ptr())) throw nb::python_error();
  });
  m.def("prepare_walk", [](nb::args known) {
    if (!prepare_walk(known.ptr())) throw nb::python_error();
  });
  m.def("walk", [](nb::handle walk, nb::handle heap, nb::handle pending, nb::handle fresh, bool keep) {
    if (!walk_on(walk.ptr(), heap.ptr(), pending.ptr(), fresh.ptr(), keep)) throw nb::python_error();
  });
  m.def("wrap", [](nb::handle function) { return nb::steal(make_wrap(function.ptr())); });
  m.attr("shape") = nb::steal(make_shape());
  m.def("draw_from", [](nb::object generator) { world.generator = generator.release().ptr(); });
  m.def("has_direct", [](const char* name) { return find_direct(name) != nullptr; });
  m.def("switch_calls", [](bool on) { switch_calls(on); });
  nb::object cases = nb::steal(make_cases_type());
  if (!cases.is_valid()) throw nb::python_error();
  m.attr("Cases") = cases;
  m.attr("Memory") = nb::borrow(memory_owner_type());
  nb::dict opcodes;
#define TIDU_NAME(name, operands, cost) opcodes[#name] = nb::make_tuple(int(op_##name), operands);
  TIDU_OPCODES(TIDU_NAME)
#undef TIDU_NAME
  m.attr("opcodes") = opcodes;
}
