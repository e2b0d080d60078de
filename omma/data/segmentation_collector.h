// What the readers of segmentation labels fill. Not part of the interface.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/mask_shape.h"
#include "omma/data/segmentation_dataset.h"

namespace omma {

// The masks of a format's pictures. All access is const and thread-safe.
class MaskLabels {
 public:
  virtual ~MaskLabels() = default;

  // Of the picture that the format gave this place, in this size. Throws SampleFault where its labels as a whole are unusable.
  virtual PictureMasks masks(std::size_t place, ImageSize picture) const = 0;
};

struct SegmentationRecord {
  std::string key = {};
  std::filesystem::path image = {};
  ImageSize size = {};    // as the labels say; a side of 0: they do not, or have to be read for it
  std::size_t place = 0;  // by which MaskLabels knows it
};

// Pictures with masks, and what became of what the labels list. In finish() all masks are made once and what is wrong with them is
// told. A picture's header is read where the labels tell no size, or where masks do not fit the one that they tell; of all others
// the labels are believed until the picture itself is read, so that opening a large data set reads few of its pictures.
class SegmentationCollector {
 public:
  explicit SegmentationCollector(const SegmentationDatasetOptions& options) : options_(options) {}

  DatasetReport& report() { return report_; }
  void add_picture(SegmentationRecord record) { records_.push_back(std::move(record)); }
  const std::vector<SegmentationRecord>& records() const { return records_; }

  // Throws std::invalid_argument beginning with `where` for too many faults, see SegmentationDatasetOptions.
  std::unique_ptr<SegmentationDataset> finish(std::unique_ptr<MaskLabels> labels, std::vector<std::string> categories,
                                              std::string_view where);

 private:
  // Returns how many masks are usable.
  std::size_t check_labels(const MaskLabels& labels);

  SegmentationDatasetOptions options_;
  std::vector<SegmentationRecord> records_;
  DatasetReport report_;
};

std::unique_ptr<SegmentationDataset> open_coco_masks(const std::filesystem::path& path, std::string_view split,
                                                     const SegmentationDatasetOptions& options);
std::unique_ptr<SegmentationDataset> open_sa1b(const std::filesystem::path& path, std::string_view split,
                                               const SegmentationDatasetOptions& options);
std::unique_ptr<SegmentationDataset> open_label_maps(const std::filesystem::path& path, std::string_view split,
                                                     const SegmentationDatasetOptions& options);
std::unique_ptr<SegmentationDataset> open_voc_masks(const std::filesystem::path& path, std::string_view split,
                                                    const SegmentationDatasetOptions& options);
std::unique_ptr<SegmentationDataset> open_yolo_masks(const std::filesystem::path& path, std::string_view split,
                                                     const SegmentationDatasetOptions& options);
// `settings` as in "seed=7,count=500,emblems=.5".
std::unique_ptr<SegmentationDataset> open_world_masks(std::string_view settings, std::string_view split);

}  // namespace omma
