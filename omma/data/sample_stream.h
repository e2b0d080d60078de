// The samples of a training, without end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "omma/base/rng.h"
#include "omma/data/left_out_pictures.h"
#include "omma/data/shuffled_order.h"

namespace omma {

// Every sample of the data set once an epoch, in an order that follows from the seed. In the place of one whose picture cannot be
// used stands another, drawn from the seed and the place alone: a resumed training meets the same samples. Thread-safe.
template <class Dataset>
class SampleStream {
 public:
  using Loaded = decltype(std::declval<const Dataset&>().load(0));
  struct Item {
    std::size_t index = 0;  // in the data set
    Loaded loaded;
  };

  // The data set is not empty. `where` begins the messages about pictures that are left out, at most `max_fault_share` of all.
  SampleStream(std::shared_ptr<const Dataset> dataset, std::uint64_t seed, std::string where, double max_fault_share)
      : dataset_(std::move(dataset)),
        seed_(seed),
        order_(seed ^ order_stream, dataset_->size()),
        left_out_(std::make_unique<LeftOutPictures>(std::move(where), dataset_->size(), max_fault_share)) {}

  // Throws std::invalid_argument where too many pictures cannot be used.
  Item load(std::uint64_t number) const {
    Rng replacements(seed_ ^ replacement_stream, number);
    for (std::size_t index = order_[number];; index = replacements.bits() % dataset_->size())
      if (auto loaded = load_or_leave_out(*dataset_, index, *left_out_)) return {.index = index, .loaded = std::move(*loaded)};
  }

  // What the data set told when it was opened, and what was left out since.
  DatasetReport report() const {
    DatasetReport report = dataset_->report();
    report.append(left_out_->report());
    return report;
  }

 private:
  static constexpr std::uint64_t replacement_stream = 0x7265706c61636500ULL;

  std::shared_ptr<const Dataset> dataset_;
  std::uint64_t seed_;
  ShuffledOrder order_;
  std::unique_ptr<LeftOutPictures> left_out_;
};

}  // namespace omma
