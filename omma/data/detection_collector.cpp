#include "omma/data/detection_collector.h"

#include <algorithm>
#include <cmath>

#include "omma/base/error.h"
#include "omma/base/threads.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr float rounding = .5F;  // writers round edges to pixels or to few digits

ImageSize size_of(const DetectionSample& sample) { return {sample.width, sample.height}; }

bool passes_border(const Box& box, ImageSize picture) {
  return box.x1 > box.x0 && box.y1 > box.y0 &&
         (box.x0 < -rounding || box.y0 < -rounding || box.x1 > static_cast<float>(picture.width) + rounding ||
          box.y1 > static_cast<float>(picture.height) + rounding);
}

bool needs_header(const DetectionSample& sample) {
  return sample.width == 0 || sample.height == 0 || std::ranges::any_of(sample.targets, [&](const DetectionTarget& target) {
           return passes_border(target.box, size_of(sample));
         });
}

}  // namespace

int PhraseSet::add(const std::string& class_name) {
  classes_.insert(class_name);
  const auto mapped = class_phrases_.find(class_name);
  const std::string& phrase = mapped != class_phrases_.end() ? mapped->second : class_name;
  const auto [known, added] = index_of_phrase_.try_emplace(phrase, static_cast<int>(phrases_.size()));
  if (added) phrases_.push_back(phrase);
  return known->second;
}

void PhraseSet::expect_all_given(std::string_view where) const {
  for (const auto& [name, phrase] : class_phrases_)
    check(classes_.contains(name), "{}: no class is called \"{}\" (for which the phrase \"{}\" was given); the classes are {}",
          where, name, phrase, fmt::join(classes_, ", "));
}

std::size_t DetectionCollector::add_picture(DetectionSample sample, fs::path image) {
  records_.push_back({.sample = std::move(sample), .image = std::move(image)});
  return records_.size() - 1;
}

void DetectionCollector::add_box(std::size_t place, DetectionTarget target, const std::array<double, 4>& edges) {
  constexpr double far = 1e9;  // beyond any picture, and a float
  const auto edge = [&](std::size_t i) { return static_cast<float>(std::clamp(edges[i], -far, far)); };
  target.box = {edge(0), edge(1), edge(2), edge(3)};
  records_[place].sample.targets.push_back(std::move(target));
}

std::unique_ptr<DetectionDataset> DetectionCollector::finish(std::vector<std::string> phrases, std::string_view where) {
  const std::vector<std::optional<ImageSize>> headers = read_sizes();
  std::vector<DetectionRecord> kept;
  std::size_t boxes = 0;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    DetectionRecord& record = records_[i];
    if (!settle_size(record, headers[i])) continue;
    settle_boxes(record.sample);
    boxes += record.sample.targets.size();
    kept.push_back(std::move(record));
  }
  report_.count_records(kept.size(), 0);
  check_faults(report_, kept.empty() ? 0 : boxes, kept.empty() ? "picture" : "box", options_.max_fault_share, where);
  return std::make_unique<RecordDataset>(std::move(kept), std::move(phrases), std::move(report_), options_.image_limits);
}

// Of the pictures whose header is needed and can be read.
std::vector<std::optional<ImageSize>> DetectionCollector::read_sizes() const {
  std::vector<std::optional<ImageSize>> sizes(records_.size());
  parallel_for(static_cast<std::int64_t>(records_.size()), available_threads(), [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      if (!needs_header(records_[i].sample)) continue;
      try {
        sizes[i] = read_image_size(records_[i].image, options_.image_limits);
      } catch (const std::invalid_argument&) {  // told when the picture itself is asked for, or below
      }
    }
  });
  return sizes;
}

// False where the picture cannot be used: it is told.
bool DetectionCollector::settle_size(DetectionRecord& record, const std::optional<ImageSize>& header) {
  DetectionSample& sample = record.sample;
  const ImageSize labels = size_of(sample);
  const bool has_labels = labels.width > 0 && labels.height > 0;
  if (!header && has_labels) return true;
  if (!header) {
    const DatasetFault fault = fs::exists(record.image) ? DatasetFault::unreadable_picture : DatasetFault::missing_picture;
    report_.leave_out_record(
        fault, sample.key, fmt::format("the labels have no size, and {} cannot be read for it", record.image.filename().string()));
    return false;
  }
  const SizeMatch match = has_labels ? compare_sizes(labels, *header) : SizeMatch::same;
  if (match == SizeMatch::different) {
    report_.leave_out_record(DatasetFault::size_mismatch, sample.key, size_message(labels, *header));
    return false;
  }
  if (match == SizeMatch::near) report_.add(DatasetFault::inexact_size, sample.key, size_message(labels, *header));
  sample.width = header->width;
  sample.height = header->height;
  return true;
}

void DetectionCollector::settle_boxes(DetectionSample& sample) {
  const ImageSize picture = size_of(sample);
  const auto text = [&](const Box& box) {
    return fmt::format("box [{:g}, {:g}, {:g}, {:g}] in a picture of {} x {}", box.x0, box.y0, box.x1, box.y1, picture.width,
                       picture.height);
  };
  const std::size_t listed = sample.targets.size();
  std::erase_if(sample.targets, [&](DetectionTarget& target) {
    if (coordinates_ == Coordinates::shares) {
      const auto width = static_cast<float>(picture.width), height = static_cast<float>(picture.height);
      target.box = {target.box.x0 * width, target.box.y0 * height, target.box.x1 * width, target.box.y1 * height};
    }
    if (passes_border(target.box, picture)) report_.add(DatasetFault::box_outside, sample.key, text(target.box));
    const auto box = clipped(target.box, picture);
    if (!box) report_.add(DatasetFault::empty_box, sample.key, text(target.box));
    target.box = box.value_or(Box());
    return !box;
  });
  report_.count_objects(listed, listed - sample.targets.size());
}

}  // namespace omma
