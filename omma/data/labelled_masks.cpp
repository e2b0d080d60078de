#include "omma/data/labelled_masks.h"

#include "omma/base/error.h"
#include "omma/data/picture_size.h"
#include "omma/vision/run_lengths.h"

namespace omma {

std::map<std::uint32_t, RunLengths> masks_of(const LabelMap& labels) {
  const std::int64_t width = labels.width, height = labels.height, pixels = width * height;
  const auto value_at = [&](std::int64_t position) {  // down the columns
    return labels.values[static_cast<std::size_t>(position % height * width + position / height)];
  };
  std::map<std::uint32_t, RunBuilder> builders;
  for (std::int64_t begin = 0, end = 0; begin < pixels; begin = end) {
    const std::uint32_t value = value_at(begin);
    while (end < pixels && value_at(end) == value) ++end;
    if (value == 0) continue;
    builders.try_emplace(value, labels.width, labels.height).first->second.append(begin, end);
    check(builders.size() <= max_label_map_masks, "label map: more than {} different values", max_label_map_masks);
  }
  std::map<std::uint32_t, RunLengths> masks;
  for (auto& [value, builder] : builders) masks.emplace(value, std::move(builder).finish());
  return masks;
}

std::map<std::uint32_t, RunLengths> read_labelled_masks(const std::filesystem::path& file, ImageSize picture) {
  try {
    const LabelMap labels = read_label_map(file);
    const ImageSize size{labels.width, labels.height};
    if (size != picture)
      throw SampleFault(DatasetFault::size_mismatch, fmt::format("{}: {}", file.filename().string(), size_message(size, picture)));
    return masks_of(labels);
  } catch (const SampleFault&) {
    throw;
  } catch (const std::invalid_argument& error) {
    throw SampleFault(DatasetFault::malformed_record, error.what());
  }
}

}  // namespace omma
