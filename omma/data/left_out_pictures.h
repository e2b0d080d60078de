// Pictures that turn out unreadable in the middle of a training or an evaluation.
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "omma/data/dataset_report.h"

namespace omma {

// Each is left out: told once in the log and counted, up to a share of all. Thread-safe.
class LeftOutPictures {
 public:
  // `where` begins the messages; the share is of `total` samples.
  LeftOutPictures(std::string where, std::size_t total, double max_fault_share);

  // Throws std::invalid_argument where the share is passed, or all are left out.
  void add(std::size_t index, DatasetFault fault, const std::string& key, const std::string& message);
  bool contains(std::size_t index) const;
  DatasetReport report() const;

 private:
  std::string where_;
  std::size_t total_;
  double max_fault_share_;
  mutable std::mutex mutex_;
  std::set<std::size_t> indices_;
  DatasetReport report_;
};

// The key of a sample, of which the labels may be unreadable.
template <class Dataset>
std::string key_of(const Dataset& dataset, std::size_t index) {
  if constexpr (requires { dataset.key(index); })
    return dataset.key(index);
  else
    return dataset.sample(index).key;
}

// dataset.load(index); nothing where the picture cannot be used, which is noted.
template <class Dataset>
auto load_or_leave_out(const Dataset& dataset, std::size_t index, LeftOutPictures& left_out)
    -> std::optional<decltype(dataset.load(index))> {
  if (left_out.contains(index)) return std::nullopt;
  try {
    return dataset.load(index);
  } catch (const SampleFault& fault) {
    left_out.add(index, fault.fault(), key_of(dataset, index), fault.what());
  } catch (const std::invalid_argument& error) {
    const DatasetFault fault = dataset.has_image(index) ? DatasetFault::unreadable_picture : DatasetFault::missing_picture;
    left_out.add(index, fault, key_of(dataset, index), error.what());
  }
  return std::nullopt;
}

}  // namespace omma
