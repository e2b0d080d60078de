// The readers of caption data. Not part of the interface: see caption_dataset.h.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "omma/data/caption_dataset.h"
#include "omma/data/text_records.h"

namespace omma {

inline constexpr std::size_t max_caption_bytes = 1 << 20;  // of a text in a file of its own

// Texts in memory, pictures in files.
class CaptionFiles : public FileDataset<CaptionDataset, CaptionSample> {
 public:
  using FileDataset::FileDataset;
  PictureFile picture_file(std::size_t index) const override;
};

std::unique_ptr<CaptionDataset> open_world_captions(std::string_view settings, std::string_view split,
                                                    const CaptionDatasetOptions& options);
std::unique_ptr<CaptionDataset> open_coco_captions(const std::filesystem::path& path, std::string_view split,
                                                   const CaptionDatasetOptions& options);
std::unique_ptr<CaptionDataset> open_blip_captions(const std::filesystem::path& file, const CaptionDatasetOptions& options);
std::unique_ptr<CaptionDataset> open_caption_folder(const std::filesystem::path& folder, std::string_view split,
                                                    const CaptionDatasetOptions& options);

// The shards that a webdataset's path and split stand for, and a data set of such; `where` begins its errors.
std::vector<std::filesystem::path> find_webdataset_shards(std::string_view path, std::string_view split);
std::unique_ptr<CaptionDataset> open_webdataset(const std::vector<std::filesystem::path>& shards, std::string_view where,
                                                const CaptionDatasetOptions& options);

}  // namespace omma
