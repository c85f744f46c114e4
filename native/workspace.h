// Memory and threads of one addon instance. Buffers grow to the largest size asked for and are reused by every call.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace dynabridge {

// 64-byte aligned floats.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  // At least `size` floats, contents undefined; throws std::bad_alloc.
  float* reserve(int64_t size);

 private:
  float* data_ = nullptr;
  int64_t capacity_ = 0;
};

class ThreadPool;

class Workspace {
 public:
  Workspace();
  ~Workspace();

  int threads() const { return threads_; }
  // `niceness` is given to the pool's own threads, not to the caller. Throws std::system_error when none can be started.
  void set_threads(int count, int niceness);

  using Task = void (*)(void* context, int64_t index, int thread);
  // Runs tasks 0 to count - 1; each is done by one thread, so results do not depend on how many there are. `work` estimates the
  // whole in multiply-adds: too little is not worth waking threads for.
  void run(int64_t count, int64_t work, Task task, void* context);

  // Buffers of the whole call, by slot.
  enum Slot { kDelta, kPartial, kInputGradient, kSlotCount };
  float* reserve(Slot slot, int64_t size);
  // A thread's own buffer, valid within a task.
  float* thread_scratch(int thread, int64_t size);

 private:
  int threads_ = 1;
  Buffer shared_[kSlotCount];
  std::vector<std::unique_ptr<Buffer>> scratch_;
  std::unique_ptr<ThreadPool> pool_;
};

// parallel(workspace, count, work, [&](int64_t index, int thread) {...})
template <typename Function>
inline void parallel(Workspace& workspace, int64_t count, int64_t work, const Function& function) {
  workspace.run(
      count, work,
      [](void* context, int64_t index, int thread) {
        (*static_cast<const Function*>(context))(index, thread);
      },
      const_cast<void*>(static_cast<const void*>(&function)));
}

}  // namespace dynabridge
