// The one pool of threads that all kernels share.
#pragma once

#include <cstdint>
#include <type_traits>

namespace tidu::parallel {

// The number of threads that a kernel may use, the caller's among them.
int threads();
void set_threads(int n);

// Lets kernels run in the children of forks. To be called once, when the module is loaded.
void prepare_for_forks();

// Calls body(context, task) for every task from 0 to n - 1, on up to `threads()` threads, the
// caller's among them; returns when all are done. A thread starts with the task of its own number,
// so that kernels which follow each other find their part of the memory in the same core's cache,
// and then takes what is left; last of all the caller does what other threads should have begun with
// and have not. Within a task, and while another Python thread has the pool, `run`
// computes in the calling thread. What a task throws, `run` throws, the first of several; tasks that
// were not begun are left out.
//
// Threads are not woken for what is `small`, unless more of it came just before.
void run(int64_t n, void (*body)(void* context, int64_t task), void* context, bool small);

template <class F>
void run(int64_t n, F&& task, bool small = false) {
  using Function = typename std::remove_reference<F>::type;
  run(n, [](void* f, int64_t i) { (*static_cast<Function*>(f))(i); },
      const_cast<void*>(static_cast<const void*>(&task)), small);
}

// Cuts [0, n) into a piece for each thread, none smaller than `grain`, and runs
// piece(context, begin, end); multiples of `unit` are not cut.
void split(int64_t n, int64_t grain, int64_t unit, void (*piece)(void* context, int64_t begin, int64_t end),
           void* context);

template <class F>
void split(int64_t n, int64_t grain, int64_t unit, F&& piece) {
  using Function = typename std::remove_reference<F>::type;
  split(n, grain, unit,
        [](void* f, int64_t begin, int64_t end) { (*static_cast<Function*>(f))(begin, end); },
        const_cast<void*>(static_cast<const void*>(&piece)));
}

}  // namespace tidu::parallel
