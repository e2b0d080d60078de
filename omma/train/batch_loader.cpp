#include "omma/train/batch_loader.h"

#include <utility>

namespace omma {

BatchLoader::BatchLoader(std::function<PreparedStep(int64_t)> prepare, int64_t first, int64_t threads)
    : prepare_(std::move(prepare)), capacity_(threads + 2), claimed_(first), delivered_(first) {
  for (int64_t i = 0; i < threads; ++i) workers_.emplace_back([this] { work(); });
}

BatchLoader::~BatchLoader() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

PreparedStep BatchLoader::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ready_.contains(delivered_); });
  Ready ready = std::move(ready_.extract(delivered_).mapped());
  ++delivered_;
  lock.unlock();
  changed_.notify_all();
  if (ready.error) std::rethrow_exception(ready.error);
  return std::move(ready.step);
}

void BatchLoader::work() {
  at::set_num_threads(1);  // the machine belongs to the training step
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return closing_ || claimed_ < delivered_ + capacity_; });
    if (closing_) return;
    const int64_t number = claimed_++;
    lock.unlock();
    Ready ready;
    try {
      ready.step = prepare_(number);
    } catch (...) {
      ready.error = std::current_exception();
    }
    lock.lock();
    ready_.emplace(number, std::move(ready));
    changed_.notify_all();
  }
}

}  // namespace omma
