// Prepares the batches of a training run ahead of time on its own threads, and hands them out in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "omma/nn/torch.h"

namespace omma {

// What one batch costs: the loss to minimise (a scalar) and named parts of it to log.
struct StepLoss {
  torch::Tensor total;
  std::vector<std::pair<std::string, torch::Tensor>> parts;
};

// A prepared batch: what remains to be done on the training thread.
using PreparedStep = std::function<StepLoss()>;

// next() belongs to one thread. `prepare` is called by several at once.
class BatchLoader {
 public:
  // Starts with batch number `first`; at most `threads` + 2 batches wait ready.
  BatchLoader(std::function<PreparedStep(int64_t number)> prepare, int64_t first, int64_t threads);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // The next batch in order of number. Throws what preparing it threw.
  PreparedStep next();

 private:
  struct Ready {
    PreparedStep step;
    std::exception_ptr error;
  };
  void work();

  std::function<PreparedStep(int64_t)> prepare_;
  int64_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int64_t, Ready> ready_;
  int64_t claimed_, delivered_;
  bool closing_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace omma
