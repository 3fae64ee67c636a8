// Reductions as operations have them.
#include <cmath>

#include "dispatch.h"
#include "families.h"
#include "held.h"
#include "reduction_plan.h"
#include "unlocked.h"

namespace tidu {
namespace {

bool mark(int64_t dim, int ndim, bool* reduced) {
  const int64_t range = ndim ? ndim : 1;
  if (dim < -range || dim >= range) return false;
  if (!ndim) return true;
  bool& place = reduced[dim < 0 ? dim + ndim : dim];
  if (place) return false;
  return place = true;
}

// Which dimensions argument i names; false if it is none that kernels take. `every`: whether None,
// or an empty tuple, means all.
bool read_dims(const Args& args, int i, int ndim, bool* reduced, bool every_if_none = true,
               bool every_if_empty = true) {
  const bool none = i >= args.count() || args.is_none(i);
  for (int d = 0; d < ndim; d++) reduced[d] = none;
  if (none) return every_if_none;
  int64_t dims[NPY_MAXDIMS];
  const int count = args.integers(i, dims, NPY_MAXDIMS);
  if (count < 0) return false;
  if (count == 0) {
    for (int d = 0; d < ndim; d++) reduced[d] = true;
    return every_if_empty;
  }
  for (int j = 0; j < count; j++)
    if (!mark(dims[j], ndim, reduced)) return false;
  return true;
}

bool read_keepdim(const Args& args, int i, bool& keepdim) {
  keepdim = false;
  return i >= args.count() || args.flag(i, keepdim);
}

bool missing(const Args& args, int i) { return i >= args.count() || args.is_none(i); }

// What every reduction begins with: an array with elements, and dimensions.
struct Call {
  PyArrayObject* x;
  bool reduced[NPY_MAXDIMS];
  bool keepdim = false;
  ReductionPlan plan;

  bool start(const Args& args) {
    x = args.count() ? args.array(0) : nullptr;
    return x && PyArray_SIZE(x);
  }
  bool plan_it() { return plan.build(x, reduced); }
  int type() const { return PyArray_TYPE(x); }
  template <class T>
  const T* elements() const { return data<T>(plan.array()); }

  // The result that `work` writes to the memory that it gets, in the order of the plan's groups.
  template <class Out, class F>
  PyObject* finish(int out_type, F&& work) {
    Held out(plan.make_result(out_type, keepdim));
    if (!out) return nullptr;
    Out* to = data<Out>(out.get());
    unlocked(plan.size() > worth_the_lock, [&] {
      Out* results = plan.permuted() ? scratch<Out>(scratch_own, plan.results()) : to;
      work(results);
      if (plan.permuted()) plan.permute(results, to);
    });
    return out.object();
  }

  template <class In, class Out>
  PyObject* reduce(const Reduction<In, Out>& first, const Reduction<Out, Out>& then, int out_type) {
    return finish<Out>(out_type, [&](Out* out) {
      reduce_groups(plan.groups(), first, then, elements<In>(), static_cast<const Out*>(nullptr), out);
    });
  }
};

template <class T>
const Reductions<T>& reductions_of();
template <>
const Reductions<float>& reductions_of<float>() { return reductions.float32; }
template <>
const Reductions<double>& reductions_of<double>() { return reductions.float64; }
template <>
const Reductions<int64_t>& reductions_of<int64_t>() { return reductions.int64; }

// Calls function<T>(...) for the element type, if it is float32 or float64.
#define TIDU_FLOATS(type, function, ...)                                  \
  ((type) == NPY_FLOAT32   ? function<float>(__VA_ARGS__)                 \
   : (type) == NPY_FLOAT64 ? function<double>(__VA_ARGS__)                \
                           : nullptr)
#define TIDU_NUMBERS(type, function, ...)                                 \
  ((type) == NPY_INT64 ? function<int64_t>(__VA_ARGS__) : TIDU_FLOATS(type, function, __VA_ARGS__))

// Sums and means

template <class T>
PyObject* sum_of(Call& call) {
  const auto& r = reductions_of<T>();
  return call.reduce(r.sum, r.sum_of_sums, type_number<T>());
}

PyObject* sum(const Args& args) {
  Call call;
  if (!call.start(args) || !read_dims(args, 1, PyArray_NDIM(call.x), call.reduced) ||
      !read_keepdim(args, 2, call.keepdim) || !missing(args, 3) || !call.plan_it())
    return nullptr;
  if (call.type() == NPY_BOOL) return call.reduce(reductions.count, reductions.int64.sum, NPY_INT64);
  return TIDU_NUMBERS(call.type(), sum_of, call);
}

template <class T>
PyObject* mean_of(Call& call) {
  const auto& r = reductions_of<T>();
  return call.finish<T>(type_number<T>(), [&](T* out) {
    reduce_groups(call.plan.groups(), r.sum, r.sum_of_sums, call.elements<T>(), static_cast<const T*>(nullptr), out);
    const T n = static_cast<T>(call.plan.reduced());
    for (int64_t i = 0; i < call.plan.results(); i++) out[i] /= n;
  });
}

PyObject* mean(const Args& args) {
  Call call;
  if (!call.start(args) || !read_dims(args, 1, PyArray_NDIM(call.x), call.reduced) ||
      !read_keepdim(args, 2, call.keepdim) || !missing(args, 3) || !call.plan_it())
    return nullptr;
  return TIDU_FLOATS(call.type(), mean_of, call);
}

template <class T>
PyObject* product_of(Call& call) {
  const auto& r = reductions_of<T>();
  return call.reduce(r.product, r.product, type_number<T>());
}

PyObject* prod(const Args& args) {
  Call call;
  int64_t dim;
  if (!call.start(args) || !(missing(args, 1) || args.integer(1, dim)) ||
      !read_dims(args, 1, PyArray_NDIM(call.x), call.reduced) ||
      !read_keepdim(args, 2, call.keepdim) || !missing(args, 3) || !call.plan_it())
    return nullptr;
  return TIDU_NUMBERS(call.type(), product_of, call);
}

// Variances: of the differences to the mean, so that nothing cancels.

struct Spread {
  double correction;
  bool root, with_mean;
};

template <class T>
PyObject* spread_of(Call& call, const Spread& spread) {
  const auto& r = reductions_of<T>();
  const ReductionPlan& plan = call.plan;
  const T* none = nullptr;
  Held center(plan.make_result(type_number<T>(), call.keepdim));
  if (!center) return nullptr;
  PyObject* out = call.finish<T>(type_number<T>(), [&](T* result) {
    T* means = plan.permuted() ? scratch<T>(scratch_third, plan.results()) : data<T>(center.get());
    reduce_groups(plan.groups(), r.sum, r.sum_of_sums, call.elements<T>(), none, means);
    const T n = static_cast<T>(plan.reduced());
    for (int64_t i = 0; i < plan.results(); i++) means[i] /= n;
    reduce_groups<T, T>(plan.groups(), r.squares, r.sum_of_sums, call.elements<T>(), means, result);
    const double free = static_cast<double>(plan.reduced()) - spread.correction;
    const T divisor = free > 0 ? static_cast<T>(free) : T(0);
    for (int64_t i = 0; i < plan.results(); i++) {
      result[i] /= divisor;
      if (spread.root) result[i] = std::sqrt(result[i]);
    }
    if (plan.permuted()) plan.permute(means, data<T>(center.get()));
  });
  return out && spread.with_mean ? Py_BuildValue("(NN)", out, center.object()) : out;
}

template <bool Root, bool WithMean>
PyObject* spread(const Args& args) {
  Call call;
  Spread spread{1, Root, WithMean};
  if (args.count() != 4 || !call.start(args) ||
      !read_dims(args, 1, PyArray_NDIM(call.x), call.reduced) || !args.number(2, spread.correction) ||
      !read_keepdim(args, 3, call.keepdim) || !call.plan_it())
    return nullptr;
  return TIDU_FLOATS(call.type(), spread_of, call, spread);
}

template <class T>
PyObject* norm_of(Call& call) {
  const auto& r = reductions_of<T>();
  return call.finish<T>(type_number<T>(), [&](T* out) {
    reduce_groups(call.plan.groups(), r.squares, r.sum_of_sums, call.elements<T>(), static_cast<const T*>(nullptr), out);
    for (int64_t i = 0; i < call.plan.results(); i++) out[i] = std::sqrt(out[i]);
  });
}

PyObject* vector_norm(const Args& args) {
  Call call;
  double ord = 2;
  if (!call.start(args) || !(args.count() < 2 || args.number(1, ord)) || ord != 2 ||
      !read_dims(args, 2, PyArray_NDIM(call.x), call.reduced) ||
      !read_keepdim(args, 3, call.keepdim) || !missing(args, 4) || !call.plan_it())
    return nullptr;
  return TIDU_FLOATS(call.type(), norm_of, call);
}

// The largest and the smallest

template <class T>
const Reduction<T, T>& extreme(bool largest) {
  return largest ? reductions_of<T>().largest : reductions_of<T>().smallest;
}

template <class T>
PyObject* extreme_of(Call& call, bool largest) {
  return call.reduce(extreme<T>(largest), extreme<T>(largest), type_number<T>());
}

template <bool Largest>
PyObject* extreme_over(const Args& args) {
  Call call;
  if (!call.start(args) || !read_dims(args, 1, PyArray_NDIM(call.x), call.reduced) ||
      !read_keepdim(args, 2, call.keepdim) || !call.plan_it())
    return nullptr;
  return TIDU_NUMBERS(call.type(), extreme_of, call, Largest);
}

// Largest elements of blocks, made one: values and places, block by block, for each result.
template <class T>
void join_blocks(const T* values, const int64_t* places, int64_t blocks, int64_t block,
                 int64_t columns, bool largest, T* value, int64_t* place) {
  for (int64_t c = 0; c < columns; c++) {
    T best = values[c];
    int64_t at = places[c];
    for (int64_t b = 1; b < blocks && best == best; b++) {
      const T x = values[b * columns + c];
      if ((largest ? x > best : x < best) || x != x)
        best = x, at = places[b * columns + c] + b * block;
    }
    value[c] = best;
    place[c] = at;
  }
}

// Values and places in the order of the groups.
template <class T>
void find_extremes(const Groups& groups, const T* x, bool largest, T* values, int64_t* places) {
  const Step step(groups);
  const Extreme<T>& kernels =
      largest ? reductions_of<T>().first_largest : reductions_of<T>().first_smallest;
  const bool whole = step.blocks() == 1;
  T* v = whole ? values : scratch<T>(scratch_shared, step.results());
  int64_t* p = whole ? places : scratch<int64_t>(scratch_second, step.results());
  step.run([&](const Step::Tile& t) {
    if (step.by_columns())
      kernels.columns(x + t.in, t.stride, t.n, t.columns, v + t.out, p + t.out);
    else
      kernels.rows(x + t.in, t.stride, t.count, t.n, v + t.out, p + t.out);
  });
  if (whole) return;
  const int64_t columns = step.columns(), part = step.blocks() * columns;
  for (int64_t i = 0; i < step.outer(); i++)
    join_blocks(v + i * part, p + i * part, step.blocks(), step.block(), columns, largest,
                values + i * columns, places + i * columns);
}

constexpr int64_t longest = int64_t(1) << 31;  // places in vectors of float32 are int32

// (values, places), or the places alone.
template <class T>
PyObject* extremes_of(Call& call, bool largest, bool with_values) {
  const ReductionPlan& plan = call.plan;
  if (plan.reduced() >= longest) return nullptr;
  Held places(plan.make_result(NPY_INT64, call.keepdim));
  if (!places) return nullptr;
  PyObject* out = call.finish<T>(type_number<T>(), [&](T* values) {
    int64_t* to = plan.permuted() ? scratch<int64_t>(scratch_third, plan.results())
                                  : data<int64_t>(places.get());
    find_extremes(plan.groups(), call.elements<T>(), largest, values, to);
    if (plan.permuted()) plan.permute(to, data<int64_t>(places.get()));
  });
  if (!out) return nullptr;
  if (with_values) return Py_BuildValue("(NN)", out, places.object());
  Py_DECREF(out);
  return places.object();
}

template <bool Largest>
PyObject* extreme_along(const Args& args) {
  Call call;
  int64_t dim;
  if (args.count() != 3 || !call.start(args) || !PyArray_NDIM(call.x) || !args.integer(1, dim) ||
      !read_dims(args, 1, PyArray_NDIM(call.x), call.reduced) ||
      !read_keepdim(args, 2, call.keepdim) || !call.plan_it())
    return nullptr;
  return TIDU_NUMBERS(call.type(), extremes_of, call, Largest, true);
}

template <bool Largest>
PyObject* place_of_extreme(const Args& args) {
  Call call;
  int64_t dim;
  if (!call.start(args) || !(missing(args, 1) || args.integer(1, dim)) ||
      !read_dims(args, 1, PyArray_NDIM(call.x), call.reduced) ||
      !read_keepdim(args, 2, call.keepdim))
    return nullptr;
  // Places in the whole array count its elements in C order.
  if (missing(args, 1) && !is_contiguous(call.x)) return nullptr;
  if (!call.plan_it()) return nullptr;
  return TIDU_NUMBERS(call.type(), extremes_of, call, Largest, false);
}

// Truth and counting

template <bool Any>
PyObject* truth(const Args& args) {
  Call call;
  if (!call.start(args) || call.type() != NPY_BOOL ||
      !read_dims(args, 1, PyArray_NDIM(call.x), call.reduced, true, false) ||
      !read_keepdim(args, 2, call.keepdim) || !call.plan_it())
    return nullptr;
  const auto& r = Any ? reductions.any : reductions.all;
  return call.reduce(r, r, NPY_BOOL);
}

template <class T>
PyObject* nonzero_of(Call& call) {
  return call.reduce(reductions_of<T>().nonzero, reductions.int64.sum, NPY_INT64);
}

PyObject* count_nonzero(const Args& args) {
  Call call;
  if (!call.start(args) || !read_dims(args, 1, PyArray_NDIM(call.x), call.reduced) ||
      !call.plan_it())
    return nullptr;
  if (call.type() == NPY_BOOL) return call.reduce(reductions.count, reductions.int64.sum, NPY_INT64);
  return TIDU_NUMBERS(call.type(), nonzero_of, call);
}

}  // namespace

const Entry reduce_kernels[] = {
    {"sum", sum},
    {"mean", mean},
    {"prod", prod},
    {"variance", spread<false, false>},
    {"deviation", spread<true, false>},
    {"variance_and_mean", spread<false, true>},
    {"deviation_and_mean", spread<true, true>},
    {"linalg_vector_norm", vector_norm},
    {"max_dim", extreme_along<true>},
    {"min_dim", extreme_along<false>},
    {"max_all", extreme_over<true>},
    {"min_all", extreme_over<false>},
    {"amax", extreme_over<true>},
    {"amin", extreme_over<false>},
    {"argmax", place_of_extreme<true>},
    {"argmin", place_of_extreme<false>},
    {"any", truth<true>},
    {"all", truth<false>},
    {"count_nonzero", count_nonzero},
    {nullptr, nullptr},
};

}  // namespace tidu
