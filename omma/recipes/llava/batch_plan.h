// Which samples stand together in a batch: those of one modality and of similar length, so that little is padded.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "omma/data/instruction_dataset.h"
#include "omma/data/shuffled_order.h"

namespace omma {

// Of every `group` batches in a row the samples are sorted by whether they have a picture, then by length, and the batches
// shuffled: which samples a batch has follows from its number alone, and over a group each comes once. Thread-safe.
class BatchPlan {
 public:
  // With `blind` no picture counts.
  BatchPlan(std::shared_ptr<const InstructionDataset> data, std::uint64_t seed, int64_t batch_size, int64_t group, bool blind);

  // Numbers of samples, as SampleStream has them.
  std::vector<std::uint64_t> batch(int64_t number) const;

 private:
  using Group = std::vector<std::vector<std::uint64_t>>;
  std::shared_ptr<const Group> plan(std::uint64_t group) const;
  Group make(std::uint64_t group) const;

  std::shared_ptr<const InstructionDataset> data_;
  std::uint64_t seed_;
  ShuffledOrder order_;
  std::uint64_t batch_size_, group_;
  bool blind_;
  mutable std::mutex mutex_;
  mutable std::list<std::pair<std::uint64_t, std::shared_ptr<const Group>>> recent_;  // latest first
};

}  // namespace omma
