// What the readers of detection labels fill. Not part of the interface.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/detection_dataset.h"
#include "omma/data/picture_size.h"
#include "omma/data/record_dataset.h"

namespace omma {

// The phrases of a closed set and the class names that stand for them; several classes may share a phrase.
class PhraseSet {
 public:
  explicit PhraseSet(std::map<std::string, std::string> class_phrases) : class_phrases_(std::move(class_phrases)) {}

  // Adds the class where it is not known yet; its phrase's index.
  int add(const std::string& class_name);
  const std::vector<std::string>& phrases() const { return phrases_; }

  // Throws std::invalid_argument where a phrase was given for a class that was never added.
  void expect_all_given(std::string_view where) const;

 private:
  std::map<std::string, std::string> class_phrases_;
  std::set<std::string> classes_;
  std::map<std::string, int, std::less<>> index_of_phrase_;
  std::vector<std::string> phrases_;
};

// Pictures with boxes as the labels have them, and what became of what the labels list. In finish() the boxes are clipped to the
// picture. Its header is read where the labels tell no size, or where a box passes the border that they tell; of all others the
// labels are believed until the picture itself is read, so that opening a large data set reads few of its pictures.
class DetectionCollector {
 public:
  enum class Coordinates { pixels, shares };  // shares: of the picture's sides

  explicit DetectionCollector(const DetectionDatasetOptions& options, Coordinates coordinates = Coordinates::pixels)
      : options_(options), coordinates_(coordinates) {}

  DatasetReport& report() { return report_; }

  // A sample with the size of its labels, a side of 0 where they have none. Returns its place.
  std::size_t add_picture(DetectionSample sample, std::filesystem::path image);
  DetectionSample& sample(std::size_t place) { return records_[place].sample; }
  const DetectionSample& sample(std::size_t place) const { return records_[place].sample; }
  std::size_t size() const { return records_.size(); }

  // Edges that need not be in the picture, nor in order.
  void add_box(std::size_t place, DetectionTarget target, const std::array<double, 4>& edges);

  // Throws std::invalid_argument beginning with `where` for too many faults, see DetectionDatasetOptions.
  std::unique_ptr<DetectionDataset> finish(std::vector<std::string> phrases, std::string_view where);

 private:
  std::vector<std::optional<ImageSize>> read_sizes() const;
  bool settle_size(DetectionRecord& record, const std::optional<ImageSize>& header);
  void settle_boxes(DetectionSample& sample);

  DetectionDatasetOptions options_;
  Coordinates coordinates_;
  std::vector<DetectionRecord> records_;
  DatasetReport report_;
};

}  // namespace omma
