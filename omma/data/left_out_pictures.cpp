#include "omma/data/left_out_pictures.h"

#include "omma/base/error.h"
#include "omma/base/log.h"

namespace omma {

LeftOutPictures::LeftOutPictures(std::string where, std::size_t total, double max_fault_share)
    : where_(std::move(where)), total_(total), max_fault_share_(max_fault_share) {}

void LeftOutPictures::add(std::size_t index, DatasetFault fault, const std::string& key, const std::string& message) {
  const std::lock_guard lock(mutex_);
  if (!indices_.insert(index).second) return;
  report_.add(fault, key, message);
  report_.count_records(0, 1);
  log_warning("{}: {} is left out: {}", where_, key, message);
  const std::size_t count = indices_.size();
  check(static_cast<double>(count) <= max_fault_share_ * static_cast<double>(total_) && count < total_,
        "{}: {} of {} pictures cannot be used, over the limit of {:g} %{}", where_, count, total_, 100 * max_fault_share_,
        report_.explanation());
}

bool LeftOutPictures::contains(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  return indices_.contains(index);
}

DatasetReport LeftOutPictures::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

}  // namespace omma
