#include "omma/data/segmentation_collector.h"

#include <optional>

#include "omma/base/error.h"
#include "omma/base/threads.h"
#include "omma/data/picture_size.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

bool is_known(ImageSize size) { return size.width > 0 && size.height > 0; }

class FileSegmentation : public SegmentationDataset {
 public:
  FileSegmentation(std::vector<SegmentationRecord> records, std::unique_ptr<MaskLabels> labels, std::vector<std::string> categories,
                   DatasetReport report, const ImageLimits& limits)
      : records_(std::move(records)),
        labels_(std::move(labels)),
        categories_(std::move(categories)),
        report_(std::move(report)),
        limits_(limits) {}

  std::size_t size() const override { return records_.size(); }
  std::string key(std::size_t index) const override { return records_.at(index).key; }
  Image image(std::size_t index) const override { return read_image(records_.at(index).image, limits_); }
  bool has_image(std::size_t index) const override { return fs::exists(records_.at(index).image); }
  const std::vector<std::string>& categories() const override { return categories_; }
  const DatasetReport& report() const override { return report_; }

  SegmentationSample sample(std::size_t index) const override {
    const SegmentationRecord& record = records_.at(index);
    const ImageSize size = is_known(record.size) ? record.size : read_image_size(record.image, limits_);
    return {.key = record.key, .width = size.width, .height = size.height, .targets = labels_->masks(record.place, size).targets};
  }

  SegmentedImage load(std::size_t index) const override {
    const SegmentationRecord& record = records_.at(index);
    SegmentedImage loaded{.sample = {}, .image = image(index)};
    const ImageSize size{loaded.image.width, loaded.image.height};
    PictureMasks masks = labels_->masks(record.place, size);
    if (is_known(record.size) && size != record.size && masks.listed > 0 &&
        (compare_sizes(record.size, size) == SizeMatch::different || masks.has_fault(DatasetFault::mask_size)))
      throw SampleFault(DatasetFault::size_mismatch, size_message(record.size, size));
    loaded.sample = {.key = record.key, .width = size.width, .height = size.height, .targets = std::move(masks.targets)};
    return loaded;
  }

 private:
  std::vector<SegmentationRecord> records_;
  std::unique_ptr<MaskLabels> labels_;
  std::vector<std::string> categories_;
  DatasetReport report_;
  ImageLimits limits_;
};

// What became of a picture's labels.
struct Settled {
  ImageSize size = {};
  PictureMasks masks = {};                                            // without the targets,
  std::size_t usable = 0;                                             // but how many there are
  std::optional<std::pair<DatasetFault, std::string>> left_out = {};  // the picture
};

std::optional<ImageSize> header_of(const SegmentationRecord& record, const ImageLimits& limits) {
  try {
    return read_image_size(record.image, limits);
  } catch (const std::invalid_argument&) {  // told when the picture itself is asked for, or by settle()
    return std::nullopt;
  }
}

Settled settle(const SegmentationRecord& record, const MaskLabels& labels, const ImageLimits& limits) {
  Settled settled{.size = record.size};
  const bool has_size = is_known(record.size);
  if (has_size) settled.masks = labels.masks(record.place, record.size);
  const bool fits = !settled.masks.has_fault(DatasetFault::mask_outside) && !settled.masks.has_fault(DatasetFault::mask_size);
  if (has_size && fits) return settled;

  const std::optional<ImageSize> header = header_of(record, limits);
  if (!header && has_size) return settled;
  if (!header) {
    settled.left_out = {fs::exists(record.image) ? DatasetFault::unreadable_picture : DatasetFault::missing_picture,
                        fmt::format("{} cannot be read for its size", record.image.filename().string())};
    return settled;
  }
  if (record.size == *header) return settled;
  if (has_size && compare_sizes(record.size, *header) == SizeMatch::different) {
    settled.left_out = {DatasetFault::size_mismatch, size_message(record.size, *header)};
    return settled;
  }
  settled.size = *header;
  settled.masks = labels.masks(record.place, *header);
  if (has_size) settled.masks.faults.emplace_back(DatasetFault::inexact_size, size_message(record.size, *header));
  return settled;
}

}  // namespace

std::unique_ptr<SegmentationDataset> SegmentationCollector::finish(std::unique_ptr<MaskLabels> labels,
                                                                   std::vector<std::string> categories, std::string_view where) {
  if (options_.check_labels) {
    const std::size_t masks = check_labels(*labels);
    check_faults(report_, records_.empty() ? 0 : masks, records_.empty() ? "picture" : "mask", options_.max_fault_share, where);
  }
  return std::make_unique<FileSegmentation>(std::move(records_), std::move(labels), std::move(categories), std::move(report_),
                                            options_.image_limits);
}

std::size_t SegmentationCollector::check_labels(const MaskLabels& labels) {
  std::vector<Settled> settled(records_.size());
  parallel_for(static_cast<std::int64_t>(records_.size()), available_threads(), [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      try {
        settled[i] = settle(records_[i], labels, options_.image_limits);
        settled[i].usable = settled[i].masks.targets.size();
        settled[i].masks.targets = {};
      } catch (const SampleFault& fault) {
        settled[i].left_out = {fault.fault(), fault.what()};
      }
    }
  });
  std::vector<SegmentationRecord> kept;
  std::size_t masks = 0;
  for (std::size_t i = 0; i < records_.size(); ++i) {  // in the order of the pictures, whatever the threads
    const std::string& key = records_[i].key;
    if (settled[i].left_out) {
      report_.leave_out_record(settled[i].left_out->first, key, settled[i].left_out->second);
      continue;
    }
    for (auto& [fault, message] : settled[i].masks.faults) report_.add(fault, key, std::move(message));
    report_.count_objects(settled[i].masks.listed, settled[i].masks.listed - settled[i].usable);
    masks += settled[i].usable;
    records_[i].size = settled[i].size;
    kept.push_back(std::move(records_[i]));
  }
  records_ = std::move(kept);
  report_.count_records(records_.size(), 0);
  return masks;
}

}  // namespace omma
