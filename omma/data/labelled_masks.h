// The masks that a label map holds. Not part of the interface.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>

#include "omma/data/dataset_report.h"
#include "omma/io/label_map.h"
#include "omma/vision/mask.h"

namespace omma {

inline constexpr std::size_t max_label_map_masks = 65'535;

// The pixels of each value above 0, by value. Throws std::invalid_argument for more than max_label_map_masks of them.
std::map<std::uint32_t, RunLengths> masks_of(const LabelMap& labels);

// Those of a picture's label map. Throws SampleFault: malformed_record where it cannot be read or has too many values,
// size_mismatch where it is of another size than the picture.
std::map<std::uint32_t, RunLengths> read_labelled_masks(const std::filesystem::path& file, ImageSize picture);

}  // namespace omma
