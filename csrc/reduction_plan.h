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

  struct Tile {
    int64_t in, out, center;  // where they begin
    int64_t count, stride, center_step;  // rows: how many, and from one to the next
    int64_t n;                // to be reduced
    int64_t columns;          // columns: how many
  };

  // Calls tile(Tile) for all parts, on several threads if there is much to do.
  template <class F>
  void run(F&& tile) const {
    run({[](void* f, const Tile& t) { (*static_cast<typename std::remove_reference<F>::type*>(f))(t); },
         const_cast<void*>(static_cast<const void*>(&tile))});
  }

 private:
  struct Work {
    void (*call)(void* context, const Tile&);
    void* context;

    void operator()(const Tile& t) const { call(context, t); }
  };
  void run(Work tile) const;
  Tile at(int64_t outer) const;
  void rows(int64_t begin, int64_t end, Work tile) const;

  Group others_[NPY_MAXDIMS];
  int64_t center_strides_[NPY_MAXDIMS];
  int n_others_ = 0;
  Group reduced_;
  bool by_columns_;
  int64_t columns_ = 1, outer_ = 1, block_, blocks_;
};

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
  step.run([&](const Step::Tile& t) {
    const Out* centers = center ? center + t.center : nullptr;
    if (step.by_columns())
      kernels.columns(x + t.in, t.stride, t.n, t.columns, centers, out + t.out);
    else
      kernels.rows(x + t.in, t.stride, t.count, t.n, centers, t.center_step, out + t.out);
  });
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
