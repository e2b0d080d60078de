// What the readers of files share: records with picture paths, box checks, and where pictures are found.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/base/json.h"
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
  const std::vector<std::string>& phrases() const override { return phrases_; }
  const DatasetReport& report() const override { return report_; }

 private:
  std::vector<DetectionRecord> records_;
  std::vector<std::string> phrases_;
  DatasetReport report_;
  ImageLimits limits_;
};

// The phrases of a closed set and the class names that stand for them; several classes may share a phrase.
class PhraseSet {
 public:
  explicit PhraseSet(std::map<std::string, std::string> class_phrases) : class_phrases_(std::move(class_phrases)) {}

  // Adds the class where it is not known yet; its phrase's index.
  int add(const std::string& class_name);
  const std::vector<std::string>& phrases() const { return phrases_; }

 private:
  std::map<std::string, std::string> class_phrases_;
  std::map<std::string, int, std::less<>> index_of_phrase_;
  std::vector<std::string> phrases_;
};

// x0, y0, x1, y1 or whatever the format's four numbers mean; nothing unless there are four finite ones.
std::optional<std::array<double, 4>> four_numbers(const json& list);

// The box clipped to the sample's picture. Faults are added to the report: a box that passes the border, and one without area, for
// which there is none.
std::optional<Box> accept_box(const std::array<double, 4>& xyxy, const DetectionSample& sample, DatasetReport& report);

std::unique_ptr<DetectionDataset> open_coco(const std::filesystem::path& path, std::string_view split,
                                            const DetectionDatasetOptions& options);
std::unique_ptr<DetectionDataset> open_voc(const std::filesystem::path& path, std::string_view split,
                                           const DetectionDatasetOptions& options);
std::unique_ptr<DetectionDataset> open_odvg(const std::filesystem::path& path, std::string_view split,
                                            const DetectionDatasetOptions& options);
// `settings` as in "seed=7,count=500".
std::unique_ptr<DetectionDataset> open_world(std::string_view settings, std::string_view split,
                                             const DetectionDatasetOptions& options);

}  // namespace omma
