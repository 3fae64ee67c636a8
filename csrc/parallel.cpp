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

// A round is one call of `run`: its number and, in the last bits, how many helpers it has. A helper
// that reads it knows whether the round needs it, and nobody waits for those that it does not need.
constexpr int helper_bits = 16;
constexpr int most_helpers = (1 << helper_bits) - 1;

class Pool {
 public:
  ~Pool() = delete;  // Threads may outlive static objects; the pool stays until the process ends.

  std::atomic<int> wanted{from_environment()};

  void run(int64_t n, void (*body)(void*, int64_t), void* context) {
    std::unique_lock<std::mutex> mine(in_use_, std::try_to_lock);
    const int threads = wanted.load(std::memory_order_relaxed);
    const int helpers = mine.owns_lock() ? start(static_cast<int>(n < threads ? n : threads) - 1) : 0;
    if (helpers < 1) {
      for (int64_t i = 0; i < n; i++) body(context, i);
      return;
    }
    body_ = body, context_ = context, n_ = n;
    next_.store(helpers + 1, std::memory_order_relaxed);
    busy_.store(helpers, std::memory_order_relaxed);
    {
      std::lock_guard<std::mutex> guard(sleep_);
      const uint64_t number = (round_.load(std::memory_order_relaxed) >> helper_bits) + 1;
      round_.store(number << helper_bits | static_cast<uint64_t>(helpers), std::memory_order_release);
    }
    if (asleep_.load() > 0) wake_.notify_all();
    work(0);
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
        std::thread([this, number = started_ + 1, seen = round_.load()] { serve(number, seen); }).detach();
        started_++;
      }
    } catch (const std::exception&) {  // The system gives no more.
    }
    return helpers < started_ ? helpers : started_;
  }

  void work(int64_t task) {
    try {
      for (; task < n_; task = next_.fetch_add(1, std::memory_order_relaxed)) body_(context_, task);
    } catch (...) {
      if (!failed_.exchange(true)) failure_ = std::current_exception();
      next_ = n_;
    }
  }

  void serve(int number, uint64_t seen) {
    for (;;) {
      seen = wait_for_more(seen);
      if (number > static_cast<int>(seen & most_helpers)) continue;
      work(number);
      busy_.fetch_sub(1, std::memory_order_release);
    }
  }

  uint64_t wait_for_more(uint64_t seen) {
    auto until = std::chrono::steady_clock::now() + patience;
    do {
      for (int i = 0; i < 64; i++) {
        uint64_t now = round_.load(std::memory_order_acquire);
        if (now != seen) return now;
        pause();
      }
    } while (std::chrono::steady_clock::now() < until);
    std::unique_lock<std::mutex> lock(sleep_);
    asleep_++;
    wake_.wait(lock, [&] { return round_.load(std::memory_order_acquire) != seen; });
    asleep_--;
    return round_.load(std::memory_order_acquire);
  }

  std::mutex in_use_, sleep_;
  std::condition_variable wake_;
  std::atomic<int> asleep_{0}, busy_{0};
  std::atomic<uint64_t> round_{0};
  std::atomic<int64_t> next_{0};
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

void run(int64_t n, void (*body)(void*, int64_t), void* context) {
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
  }, &call);
}

}  // namespace tidu::parallel
