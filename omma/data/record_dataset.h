// Detection data whose labels are in memory, and the readers that make it. Not part of the interface: see detection_dataset.h.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/detection_dataset.h"

namespace omma {

struct DetectionRecord {
  DetectionSample sample;
  std::filesystem::path image;
};

// A data set whose labels are all in memory.
class RecordDataset : public DetectionDataset {
 public:
  RecordDataset(std::vector<DetectionRecord> records, std::vector<std::string> phrases, DatasetReport report, ImageLimits limits);

  std::size_t size() const override { return records_.size(); }
  DetectionSample sample(std::size_t index) const override { return records_.at(index).sample; }
  Image image(std::size_t index) const override;
  bool has_image(std::size_t index) const override { return std::filesystem::exists(records_.at(index).image); }
  LabelledImage load(std::size_t index) const override;
  const std::vector<std::string>& phrases() const override { return phrases_; }
  const DatasetReport& report() const override { return report_; }

 private:
  std::vector<DetectionRecord> records_;
  std::vector<std::string> phrases_;
  DatasetReport report_;
  ImageLimits limits_;
};

std::unique_ptr<DetectionDataset> open_coco(const std::filesystem::path& path, std::string_view split,
                                            const DetectionDatasetOptions& options);
std::unique_ptr<DetectionDataset> open_voc(const std::filesystem::path& path, std::string_view split,
                                           const DetectionDatasetOptions& options);
std::unique_ptr<DetectionDataset> open_odvg(const std::filesystem::path& path, std::string_view split,
                                            const DetectionDatasetOptions& options);
std::unique_ptr<DetectionDataset> open_yolo(const std::filesystem::path& path, std::string_view split,
                                            const DetectionDatasetOptions& options);
// `settings` as in "seed=7,count=500".
std::unique_ptr<DetectionDataset> open_world(std::string_view settings, std::string_view split,
                                             const DetectionDatasetOptions& options);

}  // namespace omma
