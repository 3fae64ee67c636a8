// How a reduction goes through an array: its dimensions as they lie in memory.
#pragma once

#include "arrays.h"
#include "parallel.h"
#include "reduce.h"
#include "scratch.h"

namespace tidu {

constexpr int64_t worth_a_thread = 1 << 15;   // elements
constexpr int64_t worth_the_lock = 1 << 16;   // elements for which Python may do something else

// Dimensions that follow each other in memory and are all reduced, or all kept.
struct Group {
  int64_t size, stride;  // counted in elements
  bool reduced;
};

struct Groups {
  int count = 0;
  Group items[NPY_MAXDIMS];

  Group& operator[](int i) { return items[i]; }
  const Group& operator[](int i) const { return items[i]; }
  void add(Group g);  // behind the others, joined with the last one if they are alike
  bool any_reduced() const;
  int64_t size() const;
};

// One step of a reduction: over one group, the innermost of those that are reduced. It is cut into
// blocks where there would be too little else to share among threads, or too long a sum; by the
// array's shape only, so that results do not depend on the number of threads.
class Step {
 public:
  explicit Step(const Groups& groups);

  Groups rest() const;  // what the results have left
  int64_t results() const { return outer_ * blocks_ * columns_; }
  int64_t outer() const { return outer_; }
  int64_t blocks() const { return blocks_; }
  int64_t block() const { return block_; }
  int64_t columns() const { return columns_; }
  bool by_columns() const { return by_columns_; }

  // Calls tile(Tile) for all parts, on several threads if there is much to do.
  template <class F>
  void run(F&& tile) const;

  struct Tile {
    int64_t in, out, center;  // where they begin
    int64_t count, stride, center_step;  // rows: how many, and from one to the next
    int64_t n;                // to be reduced
    int64_t columns;          // columns: how many
  };

 private:
  Tile at(int64_t outer) const;
  template <class F>
  void rows(int64_t begin, int64_t end, F& tile) const;

  Group others_[NPY_MAXDIMS];
  int64_t center_strides_[NPY_MAXDIMS];
  int n_others_ = 0;
  Group reduced_;
  bool by_columns_;
  int64_t columns_ = 1, outer_ = 1, block_, blocks_;
};

template <class F>
void Step::rows(int64_t begin, int64_t end, F& tile) const {
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

template <class F>
void Step::run(F&& tile) const {
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

// The reduction of some dimensions of an array.
class ReductionPlan {
 public:
  ReductionPlan() = default;
  ReductionPlan(const ReductionPlan&) = delete;
  ~ReductionPlan() { Py_XDECREF(copy_); }

  // False if kernels cannot go through it (or Python's error is set).
  bool build(PyArrayObject* x, const bool* reduced);

  PyArrayObject* array() const { return copy_ ? copy_ : x_; }  // as the groups describe it
  const Groups& groups() const { return groups_; }
  int64_t size() const { return size_; }
  int64_t results() const { return results_; }
  int64_t reduced() const { return size_ / results_; }  // elements for each result

  // An array of the result's shape.
  PyArrayObject* make_result(int type, bool keepdim) const;
  // Whether results, in the order of the groups, are to be put in another order.
  bool permuted() const { return permuted_; }
  template <class T>
  void permute(const T* from, T* to) const;

 private:
  bool arrange(PyArrayObject* a);

  PyArrayObject *x_ = nullptr, *copy_ = nullptr;
  const bool* reduced_ = nullptr;
  Groups groups_;
  int64_t size_ = 1, results_ = 1;
  bool permuted_ = false;
  int n_kept_ = 0;  // kept dimensions, in the order of the groups
  int64_t kept_sizes_[NPY_MAXDIMS], kept_strides_[NPY_MAXDIMS];
};

template <class T>
void ReductionPlan::permute(const T* from, T* to) const {
  int64_t index[NPY_MAXDIMS] = {};
  const int last = n_kept_ - 1;
  for (int64_t done = 0, offset = 0; done < results_;) {
    for (int64_t i = 0; i < kept_sizes_[last]; i++) to[offset + i * kept_strides_[last]] = *from++;
    done += kept_sizes_[last];
    for (int d = last - 1; d >= 0; d--) {
      offset += kept_strides_[d];
      if (++index[d] < kept_sizes_[d]) break;
      offset -= kept_strides_[d] * kept_sizes_[d];
      index[d] = 0;
    }
  }
}

template <class In, class Out>
void run_step(const Step& step, const Reduction<In, Out>& kernels, const In* x, const Out* center,
              Out* out) {
  if (step.by_columns()) {
    step.run([&](const Step::Tile& t) {
      kernels.columns(x + t.in, t.stride, t.n, t.columns, center ? center + t.center : nullptr,
                      out + t.out);
    });
  } else {
    step.run([&](const Step::Tile& t) {
      kernels.rows(x + t.in, t.stride, t.count, t.n, center ? center + t.center : nullptr,
                   t.center_step, out + t.out);
    });
  }
}

// Reduces by `first`, and what that gives by `then`, until no group is left. The results have the
// groups' order.
template <class In, class Out>
void reduce_groups(const Groups& groups, const Reduction<In, Out>& first,
                   const Reduction<Out, Out>& then, const In* x, const Out* center, Out* out) {
  const Step step(groups);
  Groups left = step.rest();
  bool more = left.any_reduced();
  ScratchPlace place = scratch_shared;
  Out* results = more ? scratch<Out>(place, step.results()) : out;
  run_step(step, first, x, center, results);
  while (more) {
    const Step next(left);
    const Out* from = results;
    left = next.rest();
    more = left.any_reduced();
    place = place == scratch_shared ? scratch_second : scratch_shared;
    results = more ? scratch<Out>(place, next.results()) : out;
    run_step(next, then, from, static_cast<const Out*>(nullptr), results);
  }
}

}  // namespace tidu
