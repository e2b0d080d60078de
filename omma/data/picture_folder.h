// Pictures that nobody labelled.
#pragma once

#include <filesystem>
#include <memory>

#include "omma/data/segmentation_dataset.h"

namespace omma {

// The pictures of a folder and its sub-folders, by their names, without masks. Throws std::invalid_argument where there are none.
std::unique_ptr<SegmentationDataset> open_picture_folder(const std::filesystem::path& folder);

}  // namespace omma
