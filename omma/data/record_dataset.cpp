#include "omma/data/record_dataset.h"

#include <algorithm>
#include <cmath>

#include "omma/base/error.h"

namespace omma {

namespace fs = std::filesystem;

RecordDataset::RecordDataset(std::vector<DetectionRecord> records, std::vector<std::string> phrases, DatasetReport report,
                             ImageLimits limits)
    : records_(std::move(records)), phrases_(std::move(phrases)), report_(std::move(report)), limits_(limits) {}

Image RecordDataset::image(std::size_t index) const { return read_image(records_.at(index).image, limits_); }

int PhraseSet::add(const std::string& class_name) {
  const auto mapped = class_phrases_.find(class_name);
  const std::string& phrase = mapped != class_phrases_.end() ? mapped->second : class_name;
  const auto [known, added] = index_of_phrase_.try_emplace(phrase, static_cast<int>(phrases_.size()));
  if (added) phrases_.push_back(phrase);
  return known->second;
}

std::optional<std::array<double, 4>> four_numbers(const json& list) {
  std::array<double, 4> numbers;
  if (!list.is_array() || list.size() != numbers.size()) return std::nullopt;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!list[i].is_number()) return std::nullopt;
    numbers[i] = list[i].get<double>();
    if (!std::isfinite(numbers[i])) return std::nullopt;
  }
  return numbers;
}

std::optional<Box> accept_box(const std::array<double, 4>& xyxy, const DetectionSample& sample, DatasetReport& report) {
  constexpr double rounding = .5;  // writers round edges to pixels or to few digits
  const auto [x0, y0, x1, y1] = xyxy;
  const std::string text =
      fmt::format("box [{:g}, {:g}, {:g}, {:g}] in a picture of {} x {}", x0, y0, x1, y1, sample.width, sample.height);
  const double width = sample.width, height = sample.height;
  if (x1 > x0 && y1 > y0 && (x0 < -rounding || y0 < -rounding || x1 > width + rounding || y1 > height + rounding))
    report.add(DatasetFault::box_outside, sample.key, text);
  const Box box{static_cast<float>(std::clamp(x0, 0., width)), static_cast<float>(std::clamp(y0, 0., height)),
                static_cast<float>(std::clamp(x1, 0., width)), static_cast<float>(std::clamp(y1, 0., height))};
  if (box.x1 > box.x0 && box.y1 > box.y0) return box;
  report.add(DatasetFault::empty_box, sample.key, text);
  return std::nullopt;
}

}  // namespace omma
