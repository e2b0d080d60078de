// The readers of caption data. Not part of the interface: see caption_dataset.h.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "omma/data/caption_dataset.h"

namespace omma {

std::unique_ptr<CaptionDataset> open_world_captions(std::string_view settings, std::string_view split,
                                                    const CaptionDatasetOptions& options);
std::unique_ptr<CaptionDataset> open_coco_captions(const std::filesystem::path& path, std::string_view split,
                                                   const CaptionDatasetOptions& options);
std::unique_ptr<CaptionDataset> open_blip_captions(const std::filesystem::path& file, const CaptionDatasetOptions& options);
std::unique_ptr<CaptionDataset> open_webdataset(std::string_view path, std::string_view split,
                                                const CaptionDatasetOptions& options);

}  // namespace omma
