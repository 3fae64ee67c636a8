#include "parallel.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#if defined(__linux__) || defined(__APPLE__)
#include <pthread.h>
#endif
#if defined(__linux__)
#include <sched.h>
#endif

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

class Pool {
 public:
  ~Pool() = delete;  // Threads may outlive static objects; the pool stays until the process ends.

  int wanted = from_environment();

  void run(int64_t n, void (*body)(void*, int64_t), void* context) {
    std::unique_lock<std::mutex> mine(in_use_, std::try_to_lock);
    int helpers = static_cast<int>(n < wanted ? n : wanted) - 1;
    if (helpers < 1 || !mine.owns_lock()) {
      for (int64_t i = 0; i < n; i++) body(context, i);
      return;
    }
    while (started_ < helpers) {
      int number = ++started_;
      std::thread([this, number, seen = round_.load()] { serve(number, seen); }).detach();
    }
    body_ = body, context_ = context, n_ = n, helpers_ = helpers;
    next_.store(helpers + 1, std::memory_order_relaxed);
    busy_.store(started_, std::memory_order_relaxed);
    {
      std::lock_guard<std::mutex> guard(sleep_);
      round_.fetch_add(1, std::memory_order_release);
    }
    if (asleep_.load() > 0) wake_.notify_all();
    work(0);
    while (busy_.load(std::memory_order_acquire) > 0) pause();
  }

  // In the child of a fork there is only the thread that called it.
  void forget() {
    new (this) Pool(wanted);
  }
  void lock() { in_use_.lock(); }
  void unlock() { in_use_.unlock(); }

  Pool() = default;

 private:
  explicit Pool(int n) : wanted(n) {}

  void work(int64_t task) {
    for (; task < n_; task = next_.fetch_add(1, std::memory_order_relaxed)) body_(context_, task);
  }

  void serve(int number, uint64_t seen) {
    for (;;) {
      seen = wait_for_more(seen);
      if (number <= helpers_) work(number);
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
  int started_ = 0, helpers_ = 0;
  int64_t n_ = 0;
  void (*body_)(void*, int64_t) = nullptr;
  void* context_ = nullptr;
};

alignas(Pool) unsigned char storage[sizeof(Pool)];

Pool& pool() {
  static Pool* only = [] {
    Pool* made = new (storage) Pool();
#if defined(__linux__) || defined(__APPLE__)
    // A fork waits for a kernel that is running in another thread.
    pthread_atfork([] { pool().lock(); }, [] { pool().unlock(); }, [] { pool().forget(); });
#endif
    return made;
  }();
  return *only;
}

thread_local bool inside = false;

}  // namespace

int threads() { return inside ? 1 : pool().wanted; }

void set_threads(int n) { pool().wanted = n; }

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
    bool before = inside;
    inside = true;
    static_cast<Call*>(p)->body(static_cast<Call*>(p)->context, i);
    inside = before;
  }, &call);
}

}  // namespace tidu::parallel
