#include "workspace.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <new>
#include <thread>

#if defined(__linux__)
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace dynabridge {

Buffer::~Buffer() { std::free(data_); }

float* Buffer::reserve(int64_t size) {
  if (size > capacity_) {
    std::free(data_);
    data_ = nullptr;
    capacity_ = 0;
    const int64_t rounded = (size + 15) / 16 * 16;
    void* memory = nullptr;
    if (posix_memalign(&memory, 64, static_cast<size_t>(rounded) * sizeof(float)) != 0) throw std::bad_alloc();
    data_ = static_cast<float*>(memory);
    capacity_ = rounded;
  }
  return data_;
}

namespace {

// Below this many multiply-adds a call takes less time than waking a thread (some 10 us).
constexpr int64_t kWorthThreads = 400'000;
// How often a waiting thread looks before it sleeps: some 20 us, the gap between two calls of one update.
constexpr int kSpins = 2'000;

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void lower_priority(int niceness) {
#if defined(__linux__)
  // On Linux the nice value belongs to a thread; failure leaves it as it is, which costs politeness and nothing else.
  if (niceness > 0) setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), niceness);
#else
  (void)niceness;
#endif
}

}  // namespace

class ThreadPool {
 public:
  ThreadPool(int helpers, int niceness) {
    threads_.reserve(helpers);
    try {
      for (int i = 1; i <= helpers; i++) {
        threads_.emplace_back([this, i, niceness] {
          lower_priority(niceness);
          serve(i);
        });
      }
    } catch (...) {
      stop();
      throw;
    }
  }

  ~ThreadPool() { stop(); }

  // Returns when all tasks are done, throws std::bad_alloc when one could not get its memory. A helper that wakes late finds no ticket left and is not waited for.
  void run(int64_t count, Workspace::Task task, void* context) {
    task_ = task;
    context_ = context;
    done_.store(0, std::memory_order_relaxed);
    failed_.store(false, std::memory_order_relaxed);
    next_.store(static_cast<uint64_t>(count) << 32, std::memory_order_release);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      round_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    work(0);
    for (int spin = 0; done_.load(std::memory_order_acquire) < count; spin++) {
      if (spin < kSpins) {
        relax();
        continue;
      }
      std::unique_lock<std::mutex> lock(mutex_);
      finished_.wait(lock, [this, count] { return done_.load(std::memory_order_acquire) == count; });
    }
    if (failed_.load(std::memory_order_relaxed)) throw std::bad_alloc();
  }

 private:
  void work(int thread) {
    for (;;) {
      // Count and index come in one read: whoever holds an index below the count keeps this round open until it is done.
      const uint64_t ticket = next_.fetch_add(1, std::memory_order_acq_rel);
      const int64_t count = static_cast<int64_t>(ticket >> 32);
      const int64_t index = static_cast<int64_t>(ticket & 0xffffffffu);
      if (index >= count) return;
      try {
        task_(context_, index, thread);
      } catch (const std::bad_alloc&) {  // all that a task can throw: its scratch memory was not to be had
        failed_.store(true, std::memory_order_relaxed);
      }
      if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == count && thread != 0) {
        std::lock_guard<std::mutex> lock(mutex_);
        finished_.notify_one();
      }
    }
  }

  void serve(int thread) {
    uint64_t seen = 0;
    for (;;) {
      for (int spin = 0; spin < kSpins && round_.load(std::memory_order_acquire) == seen; spin++) relax();
      if (round_.load(std::memory_order_acquire) == seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return round_.load(std::memory_order_acquire) != seen; });
      }
      seen = round_.load(std::memory_order_acquire);
      if (stopping_.load(std::memory_order_acquire)) return;
      work(thread);
    }
  }

  void stop() {
    stopping_.store(true, std::memory_order_release);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      round_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_, finished_;
  std::atomic<uint64_t> round_{0};
  std::atomic<uint64_t> next_{0};  // tasks of this round in the upper half, tickets given in the lower
  std::atomic<int64_t> done_{0};
  std::atomic<bool> stopping_{false}, failed_{false};
  Workspace::Task task_ = nullptr;
  void* context_ = nullptr;
};

Workspace::Workspace() { set_threads(1, 0); }

Workspace::~Workspace() = default;

void Workspace::set_threads(int count, int niceness) {
  pool_.reset();
  threads_ = 1;
  while (static_cast<int>(scratch_.size()) < count) scratch_.push_back(std::make_unique<Buffer>());
  if (count > 1) pool_ = std::make_unique<ThreadPool>(count - 1, niceness);
  threads_ = count;
}

float* Workspace::reserve(Slot slot, int64_t size) { return shared_[slot].reserve(size); }

float* Workspace::thread_scratch(int thread, int64_t size) { return scratch_[thread]->reserve(size); }

void Workspace::run(int64_t count, int64_t work, Task task, void* context) {
  if (pool_ == nullptr || count < 2 || work < kWorthThreads) {
    for (int64_t index = 0; index < count; index++) task(context, index, 0);
    return;
  }
  pool_->run(count, task, context);
}

}  // namespace dynabridge
