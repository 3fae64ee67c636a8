#include "reduction_plan.h"

namespace tidu {

void Groups::add(Group g) {
  if (g.size == 1) return;
  if (count) {
    Group& last = items[count - 1];
    if (last.reduced == g.reduced && last.stride == g.stride * g.size) {
      last = {last.size * g.size, g.stride, g.reduced};
      return;
    }
  }
  items[count++] = g;
}

bool Groups::any_reduced() const {
  for (int i = 0; i < count; i++)
    if (items[i].reduced) return true;
  return false;
}

int64_t Groups::size() const {
  int64_t size = 1;
  for (int i = 0; i < count; i++) size *= items[i].size;
  return size;
}

Step::Step(const Groups& groups) {
  int at = groups.count - 1;
  while (at >= 0 && !groups[at].reduced) at--;
  // Nothing to reduce: rows of one element each.
  reduced_ = at < 0 ? Group{1, 1, true} : groups[at];
  by_columns_ = at >= 0 && at < groups.count - 1;
  const int inner = by_columns_ ? groups.count - 1 : -1;
  if (by_columns_) columns_ = groups[inner].size;
  for (int i = 0; i < groups.count; i++) {
    if (i == at || i == inner) continue;
    others_[n_others_++] = groups[i];
    outer_ *= groups[i].size;
  }
  int64_t kept = columns_;
  for (int i = n_others_ - 1; i >= 0; i--) {
    center_strides_[i] = others_[i].reduced ? 0 : kept;
    if (!others_[i].reduced) kept *= others_[i].size;
  }
  const int64_t n = reduced_.size;
  block_ = n;
  if (!by_columns_ && outer_ < 16 && n > worth_a_thread) block_ = worth_a_thread;
  if (by_columns_ && outer_ * ((columns_ + 127) / 128) < 16 && n >= 128 &&
      n * columns_ > 2 * worth_a_thread) {
    const int64_t rows = worth_a_thread / columns_ / 16 * 16;
    block_ = rows > 64 ? rows : 64;
  }
  blocks_ = (n + block_ - 1) / block_;
}

Groups Step::rest() const {
  Groups left;
  int64_t strides[NPY_MAXDIMS], stride = blocks_ * columns_;
  for (int i = n_others_ - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= others_[i].size;
  }
  for (int i = 0; i < n_others_; i++) left.add({others_[i].size, strides[i], others_[i].reduced});
  left.add({blocks_, columns_, true});
  left.add({columns_, 1, false});
  return left;
}

Step::Tile Step::at(int64_t outer) const {
  Tile t{0, outer * columns_, 0, 1, reduced_.stride, 0, reduced_.size, columns_};
  for (int i = n_others_ - 1; i >= 0; i--) {
    const int64_t index = outer % others_[i].size;
    outer /= others_[i].size;
    t.in += index * others_[i].stride;
    t.center += index * center_strides_[i];
  }
  return t;
}

void Step::rows(int64_t begin, int64_t end, Work tile) const {
  const Group last = n_others_ ? others_[n_others_ - 1] : Group{1, 0, false};
  while (begin < end) {
    Tile t = at(begin);
    const int64_t left = last.size - begin % last.size;
    t.count = left < end - begin ? left : end - begin;
    t.stride = last.stride;
    t.center_step = n_others_ ? center_strides_[n_others_ - 1] : 0;
    tile(t);
    begin += t.count;
  }
}

void Step::run(Work tile) const {
  const int64_t n = reduced_.size;
  const int64_t share = worth_a_thread / (n * columns_) + 1;  // of outer indices
  if (blocks_ > 1 && !by_columns_) {
    // Blocks of a row are rows too, but for the last, which may be shorter.
    parallel::split(outer_ * blocks_, 1, 1, [&](int64_t begin, int64_t end) {
      while (begin < end) {
        Tile t = at(begin / blocks_);
        const int64_t first = begin % blocks_, whole = n / block_ - first;
        t.in += first * block_;
        t.out = begin;
        t.n = whole > 0 ? block_ : n - first * block_;
        t.count = whole < 1 ? 1 : whole < end - begin ? whole : end - begin;
        t.stride = block_;
        t.center_step = 0;
        tile(t);
        begin += t.count;
      }
    });
  } else if (blocks_ > 1) {
    parallel::split(outer_ * blocks_, worth_a_thread / (block_ * columns_) + 1, 1,
                    [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        Tile t = at(i / blocks_);
        const int64_t first = i % blocks_ * block_;
        t.in += first * reduced_.stride;
        t.out = i * columns_;
        t.n = n - first < block_ ? n - first : block_;
        tile(t);
      }
    });
  } else if (!by_columns_) {
    parallel::split(outer_, share, 1, [&](int64_t begin, int64_t end) { rows(begin, end, tile); });
  } else if (outer_ >= 2 * parallel::threads()) {
    parallel::split(outer_, share, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) tile(at(i));
    });
  } else {
    for (int64_t i = 0; i < outer_; i++) {
      parallel::split(columns_, worth_a_thread / n + 128, 128, [&](int64_t begin, int64_t end) {
        Tile t = at(i);
        t.in += begin, t.out += begin, t.center += begin;
        t.columns = end - begin;
        tile(t);
      });
    }
  }
}

bool ReductionPlan::build(PyArrayObject* x, const bool* reduced) {
  x_ = x;
  reduced_ = reduced;
  if (arrange(x)) return true;
  if (PyErr_Occurred()) return false;
  // Elements that lie apart: a copy with the dimensions in the same order has them side by side.
  copy_ = reinterpret_cast<PyArrayObject*>(PyArray_NewCopy(x, NPY_KEEPORDER));
  return copy_ && arrange(copy_);
}

bool ReductionPlan::arrange(PyArrayObject* a) {
  const int ndim = PyArray_NDIM(a);
  const int64_t item = PyArray_ITEMSIZE(a);
  int order[NPY_MAXDIMS];
  int64_t out_strides[NPY_MAXDIMS];
  size_ = results_ = 1;
  for (int d = ndim - 1; d >= 0; d--) {
    const int64_t stride = PyArray_STRIDE(a, d);
    if ((stride < 0 || stride % item) && PyArray_DIM(a, d) > 1) return false;
    out_strides[d] = results_;
    size_ *= PyArray_DIM(a, d);
    if (!reduced_[d]) results_ *= PyArray_DIM(a, d);
  }
  for (int d = 0; d < ndim; d++) {  // the largest stride first
    int i = d;
    for (; i > 0 && PyArray_STRIDE(a, order[i - 1]) < PyArray_STRIDE(a, d); i--)
      order[i] = order[i - 1];
    order[i] = d;
  }
  groups_.count = n_kept_ = 0;
  permuted_ = false;
  int before = -1;
  for (int i = 0; i < ndim; i++) {
    const int d = order[i];
    if (PyArray_DIM(a, d) == 1) continue;
    groups_.add({PyArray_DIM(a, d), PyArray_STRIDE(a, d) / item, reduced_[d]});
    if (reduced_[d]) continue;
    if (d < before) permuted_ = true;
    before = d;
    kept_sizes_[n_kept_] = PyArray_DIM(a, d);
    kept_strides_[n_kept_++] = out_strides[d];
  }
  return !groups_.count || groups_[groups_.count - 1].stride == 1;
}

PyArrayObject* ReductionPlan::make_result(int type, bool keepdim) const {
  npy_intp shape[NPY_MAXDIMS];
  int n = 0;
  for (int d = 0; d < PyArray_NDIM(x_); d++) {
    if (!reduced_[d])
      shape[n++] = PyArray_DIM(x_, d);
    else if (keepdim)
      shape[n++] = 1;
  }
  return new_array(n, shape, type);
}

}  // namespace tidu
