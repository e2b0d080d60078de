#include "omma/data/record_dataset.h"

#include "omma/data/picture_size.h"

namespace omma {

RecordDataset::RecordDataset(std::vector<DetectionRecord> records, std::vector<std::string> phrases, DatasetReport report,
                             ImageLimits limits)
    : records_(std::move(records)), phrases_(std::move(phrases)), report_(std::move(report)), limits_(limits) {}

Image RecordDataset::image(std::size_t index) const { return read_image(records_.at(index).image, limits_); }

LabelledImage RecordDataset::load(std::size_t index) const {
  LabelledImage loaded{.sample = sample(index), .image = image(index)};
  const ImageSize labels{loaded.sample.width, loaded.sample.height}, size{loaded.image.width, loaded.image.height};
  if (!loaded.sample.targets.empty() && compare_sizes(labels, size) == SizeMatch::different)
    throw SampleFault(DatasetFault::size_mismatch, size_message(labels, size));
  set_picture_size(loaded.sample, size);
  return loaded;
}

}  // namespace omma
