#include "omma/data/validate.h"

#include <mutex>
#include <optional>

#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/base/threads.h"
#include "omma/data/left_out_pictures.h"
#include "omma/data/picture_size.h"

namespace omma {
namespace {

template <class Dataset>
std::optional<DatasetIssue> check_picture(const Dataset& dataset, std::size_t index) {
  const std::string key = key_of(dataset, index);
  try {
    const auto sample = dataset.sample(index);
    const auto loaded = dataset.load(index);
    if constexpr (requires { sample.width; }) {
      const ImageSize labels{sample.width, sample.height}, picture{loaded.image.width, loaded.image.height};
      if (labels != picture) return DatasetIssue{DatasetFault::inexact_size, key, size_message(labels, picture)};
    }
    return std::nullopt;
  } catch (const SampleFault& fault) {
    return DatasetIssue{fault.fault(), key, fault.what()};
  } catch (const std::exception& error) {
    const DatasetFault fault = dataset.has_image(index) ? DatasetFault::unreadable_picture : DatasetFault::missing_picture;
    return DatasetIssue{fault, key, error.what()};
  }
}

template <class Dataset>
DatasetReport check_all(const Dataset& dataset, int threads, bool read_pictures) {
  DatasetReport report = dataset.report();
  if (report.records().all == 0) report.count_records(dataset.size(), 0);  // the world, which lists nothing
  if (!read_pictures) return report;
  std::vector<std::optional<DatasetIssue>> found(dataset.size());
  Progress progress("validate", static_cast<std::int64_t>(dataset.size()));
  std::mutex progress_lock;
  parallel_for(static_cast<std::int64_t>(dataset.size()), threads, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t index = begin; index < end; ++index) {
      found[static_cast<std::size_t>(index)] = check_picture(dataset, static_cast<std::size_t>(index));
      const std::lock_guard lock(progress_lock);
      progress.advance();
    }
  });
  for (std::optional<DatasetIssue>& issue : found) {  // in the order of the samples, whatever the threads
    if (!issue) continue;
    if (issue->fault != DatasetFault::inexact_size) report.count_records(0, 1);
    report.add(issue->fault, std::move(issue->sample), std::move(issue->message));
  }
  return report;
}

}  // namespace

DatasetReport validate(const DetectionDataset& dataset, int threads, bool read_pictures) {
  return check_all(dataset, threads, read_pictures);
}
DatasetReport validate(const CaptionDataset& dataset, int threads, bool read_pictures) {
  return check_all(dataset, threads, read_pictures);
}
DatasetReport validate(const QuestionDataset& dataset, int threads, bool read_pictures) {
  return check_all(dataset, threads, read_pictures);
}
DatasetReport validate(const SegmentationDataset& dataset, int threads, bool read_pictures) {
  return check_all(dataset, threads, read_pictures);
}
DatasetReport validate(const InstructionDataset& dataset, int threads, bool read_pictures) {
  return check_all(dataset, threads, read_pictures);
}

}  // namespace omma
