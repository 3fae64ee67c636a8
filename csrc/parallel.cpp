#include "parallel.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#if defined(__linux__) || defined(__APPLE__)
#include <pthread.h>
#endif
#if defined(__linux__)
#include <sched.h>
#endif

#include "memory.h"

namespace tidu::parallel {
namespace {

// How long a thread without work looks for more before it sleeps. Waking one takes some 50
// microseconds, longer than most kernels run; turning for longer than this takes time from others.
constexpr auto patience = std::chrono::microseconds(100);

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int available() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  int n = static_cast<int>(std::thread::hardware_concurrency());
  return n > 0 ? n : 1;
}

int from_environment() {
  for (const char* name : {"TIDU_NUM_THREADS", "OMP_NUM_THREADS"}) {
    if (const char* value = std::getenv(name)) {
      int n = std::atoi(value);
      if (n > 0) return n;
    }
  }
  return available();
}

constexpr int most_helpers = 511;
constexpr int cache_line = 64;

// A thread of the pool, and what it is asked to do: `round` is the number of a call of `run`, or 0.
// Either the helper takes the number out and joins, or the caller does, once it has nothing else left
// to do: so nobody waits for a helper that sleeps or that has no processor.
struct alignas(cache_line) Helper {
  std::atomic<uint64_t> round{0};
  std::atomic<uint64_t> last{0};  // the last number that was here
  std::atomic<bool> asleep{false};
  std::condition_variable wake;

  void ask(uint64_t number) {
    last.store(number, std::memory_order_relaxed);
    round.store(number, std::memory_order_release);
  }
  bool take(uint64_t asked) { return round.compare_exchange_strong(asked, 0, std::memory_order_acq_rel); }
};

class Pool {
 public:
  ~Pool() = delete;  // Threads may outlive static objects; the pool stays until the process ends.

  std::atomic<int> wanted{from_environment()};

  void run(int64_t n, void (*body)(void*, int64_t), void* context, bool small) {
    std::unique_lock<std::mutex> mine(in_use_, std::try_to_lock);
    const int threads = wanted.load(std::memory_order_relaxed);
    const int helpers = mine.owns_lock() ? start(static_cast<int>(n < threads ? n : threads) - 1) : 0;
    if (helpers < 1 || (small && any_asleep(helpers) && clock::now() - small_call_ > patience)) {
      for (int64_t i = 0; i < n; i++) body(context, i);
      if (helpers > 0) small_call_ = clock::now();
      return;
    }
    body_ = body, context_ = context, n_ = n;
    next_.store(helpers + 1, std::memory_order_relaxed);
    busy_.store(helpers, std::memory_order_relaxed);
    round_++;
    bool wakes;
    {
      std::lock_guard<std::mutex> guard(sleep_);
      for (int i = 1; i <= helpers; i++) helpers_[i].ask(round_);
      wakes = any_asleep(helpers);
    }
    for (int i = 1; wakes && i <= helpers; i++)
      if (helpers_[i].asleep.load(std::memory_order_relaxed)) helpers_[i].wake.notify_one();
    work(0);
    for (int i = 1; i <= helpers; i++) {
      if (!helpers_[i].take(round_)) continue;
      busy_.fetch_sub(1, std::memory_order_relaxed);
      work(i);
    }
    // Where there are more threads than processors, the one waited for may need this one.
    for (int i = 0; busy_.load(std::memory_order_acquire) > 0; i++)
      i < 4096 ? pause() : std::this_thread::yield();
    if (failed_.load(std::memory_order_relaxed)) {
      failed_ = false;
      std::rethrow_exception(std::exchange(failure_, nullptr));
    }
  }

  // In the child of a fork there is only the thread that called it.
  void forget() {
    const int threads = wanted;
    new (this) Pool;
    wanted = threads;
  }
  void lock() { in_use_.lock(); }
  void unlock() { in_use_.unlock(); }

  Pool() = default;

 private:
  // Starts threads until there are so many helpers; returns how many of these there are.
  int start(int helpers) {
    if (helpers > most_helpers) helpers = most_helpers;
    try {
      while (started_ < helpers) {
        std::thread([this, number = started_ + 1] { serve(number); }).detach();
        started_++;
      }
    } catch (const std::exception&) {  // The system gives no more.
    }
    return helpers < started_ ? helpers : started_;
  }

  bool any_asleep(int helpers) const {
    for (int i = 1; i <= helpers; i++)
      if (helpers_[i].asleep.load(std::memory_order_relaxed)) return true;
    return false;
  }

  void work(int64_t task) {
    try {
      for (; task < n_; task = next_.fetch_add(1, std::memory_order_relaxed)) body_(context_, task);
    } catch (...) {
      if (!failed_.exchange(true)) failure_ = std::current_exception();
      next_ = n_;
    }
  }

  void serve(int number) {
    Helper& self = helpers_[number];
    for (;;) {
      wait(self);
      const uint64_t round = self.round.load(std::memory_order_relaxed);
      if (!round || !self.take(round)) continue;
      work(number);
      busy_.fetch_sub(1, std::memory_order_release);
    }
  }

  // Returns when there is something to do, or was while the thread slept.
  void wait(Helper& self) {
    const auto asked = [&] { return self.round.load(std::memory_order_relaxed) != 0; };
    uint64_t seen = 0;
    for (clock::time_point now = clock::now(), until = now; now <= until; now = clock::now()) {
      // What the caller did before this thread could was work too: more may follow.
      const uint64_t last = self.last.load(std::memory_order_relaxed);
      if (last != seen) seen = last, until = now + patience;
      for (int i = 0; i < 64; i++) {
        if (asked()) return;
        pause();
      }
    }
    std::unique_lock<std::mutex> lock(sleep_);
    self.asleep = true;
    self.wake.wait(lock, [&] { return self.last.load(std::memory_order_relaxed) != seen; });
    self.asleep = false;
  }

  using clock = std::chrono::steady_clock;

  Helper helpers_[most_helpers + 1];  // by number, from 1
  alignas(cache_line) std::atomic<int64_t> next_{0};
  alignas(cache_line) std::atomic<int> busy_{0};
  alignas(cache_line) std::mutex in_use_, sleep_;
  uint64_t round_ = 0;
  clock::time_point small_call_;  // when the last one ended that nobody was woken for
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;  // whoever set `failed_` wrote it, before it was done
  int started_ = 0;
  int64_t n_ = 0;
  void (*body_)(void*, int64_t) = nullptr;
  void* context_ = nullptr;
};

alignas(Pool) unsigned char storage[sizeof(Pool)];

Pool& pool() {
  static Pool* only = new (storage) Pool;
  return *only;
}

thread_local bool inside = false;

// While it lives, its thread is in a task.
struct Inside {
  const bool before = inside;
  Inside() { inside = true; }
  ~Inside() { inside = before; }
};

}  // namespace

int threads() { return inside ? 1 : pool().wanted.load(std::memory_order_relaxed); }

void set_threads(int n) { pool().wanted = n; }

void prepare_for_forks() {
#if defined(__linux__) || defined(__APPLE__)
  // A fork waits for a kernel that is running in another thread, and then for the memory that such
  // a kernel may still be asking for: in this order.
  pthread_atfork([] { pool().lock(), memory::lock(); }, [] { memory::unlock(), pool().unlock(); },
                 [] { memory::unlock_in_child(), pool().forget(); });
#endif
}

void run(int64_t n, void (*body)(void*, int64_t), void* context, bool small) {
  if (inside || n <= 1) {
    for (int64_t i = 0; i < n; i++) body(context, i);
    return;
  }
  struct Call {
    void (*body)(void*, int64_t);
    void* context;
  } call{body, context};
  pool().run(n, [](void* p, int64_t i) {
    const Inside here;
    static_cast<Call*>(p)->body(static_cast<Call*>(p)->context, i);
  }, &call, small);
}

void split(int64_t n, int64_t grain, int64_t unit, void (*piece)(void*, int64_t, int64_t), void* context) {
  constexpr int64_t small_work = 16;  // grains; waking a thread takes about that long
  int64_t pieces = n / (grain > 0 ? grain : 1);
  const bool small = grain > 1 && pieces < small_work;  // with a grain of 1, each may be of any size
  if (pieces > threads()) pieces = threads();
  if (pieces <= 1) return piece(context, 0, n);
  const int64_t units = (n + unit - 1) / unit;
  run(pieces, [&](int64_t i) {
    const int64_t begin = units * i / pieces * unit, end = units * (i + 1) / pieces * unit;
    piece(context, begin, end < n ? end : n);
  }, small);
}

}  // namespace tidu::parallel
