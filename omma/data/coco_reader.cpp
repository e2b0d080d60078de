// COCO instances JSON: https://cocodataset.org/#format-data
#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/label_files.h"
#include "omma/data/record_dataset.h"
#include "omma/data/text_records.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

struct CocoCategory {
  std::int64_t id = no_id;
  std::string name;
  template <class Fields>
  void fields(Fields& field) {
    field("id", id, id_range);
    field("name", name);
  }
  void validate(Faults& faults) const {
    faults.expect(id != no_id, "id is missing");
    faults.expect(!name.empty(), "name is missing or empty");
  }
};

struct CocoImage {
  std::int64_t id = no_id;
  std::string file_name;
  int width = 0;
  int height = 0;
  template <class Fields>
  void fields(Fields& field) {
    field("id", id, id_range);
    field("file_name", file_name);
    field("width", width, Range{1, 65'535});
    field("height", height, Range{1, 65'535});
  }
  void validate(Faults& faults) const {
    faults.expect(id != no_id, "id is missing");
    faults.expect(!file_name.empty(), "file_name is missing or empty");
    faults.expect(width > 0 && height > 0, "width or height is missing");
  }
};

struct CocoAnnotation {
  std::int64_t id = no_id;
  std::int64_t image_id = no_id;
  std::int64_t category_id = no_id;
  int iscrowd = 0;
  json bbox;
  template <class Fields>
  void fields(Fields& field) {
    field("id", id, id_range);
    field("image_id", image_id, id_range);
    field("category_id", category_id, id_range);
    field("iscrowd", iscrowd, Range{0, 1});
    field("bbox", bbox);
  }
  void validate(Faults& faults) const {
    faults.expect(image_id != no_id, "image_id is missing");
    faults.expect(category_id != no_id, "category_id is missing");
  }
};

class CocoReader {
 public:
  CocoReader(const fs::path& file, fs::path images, const DetectionDatasetOptions& options)
      : file_(file.string()), images_(std::move(images)), phrases_(options.class_phrases) {
    const json document = read_json(file, {.bytes = std::size_t{4} << 30, .skip_keys = {"segmentation", "keypoints"}});
    read_list<CocoCategory>(document, "categories", [this](const CocoCategory& category) { add_category(category); });
    read_list<CocoImage>(document, "images", [this](const CocoImage& image) { add_image(image); });
    read_list<CocoAnnotation>(document, "annotations", [this](const CocoAnnotation& annotation) { add_annotation(annotation); });
  }

  std::unique_ptr<DetectionDataset> finish(const ImageLimits& limits) {
    return std::make_unique<RecordDataset>(std::move(records_), phrases_.phrases(), std::move(report_), limits);
  }

 private:
  template <class Item, class Add>
  void read_list(const json& document, const char* name, Add&& add) {
    read_records<Item>(list_in(document, name, file_), name, report_, [&](const Item& item, const std::string& where) {
      where_ = where;
      add(item);
    });
  }

  void add_category(const CocoCategory& category) {
    if (class_of_category_.contains(category.id)) return duplicate("category", category.id);
    class_of_category_[category.id] = phrases_.add(category.name);
  }

  void add_image(const CocoImage& image) {
    if (record_of_image_.contains(image.id)) return duplicate("image", image.id);
    fs::path path = path_inside(images_, image.file_name);
    record_of_image_[image.id] = records_.size();
    DetectionRecord& record = records_.emplace_back();
    record.sample.key = image.file_name;
    record.sample.width = image.width;
    record.sample.height = image.height;
    record.image = std::move(path);
  }

  void add_annotation(const CocoAnnotation& annotation) {
    if (annotation.id != no_id && !annotation_ids_.emplace(annotation.id, 0).second) return duplicate("annotation", annotation.id);
    const auto record = record_of_image_.find(annotation.image_id);
    if (record == record_of_image_.end())
      return report_.add(DatasetFault::unknown_picture, where_, fmt::format("no image has the id {}", annotation.image_id));
    DetectionSample& sample = records_[record->second].sample;
    const auto category = class_of_category_.find(annotation.category_id);
    if (category == class_of_category_.end())
      return report_.add(DatasetFault::unknown_class, sample.key,
                         fmt::format("{}: no category has the id {}", where_, annotation.category_id));
    const auto numbers = four_numbers(annotation.bbox);
    if (!numbers)
      return report_.add(DatasetFault::malformed_box, sample.key,
                         fmt::format("{}: expected bbox [x, y, width, height], got {}", where_, shown(annotation.bbox)));
    const auto [x, y, width, height] = *numbers;
    if (const auto box = accept_box({x, y, x + width, y + height}, sample, report_)) {
      DetectionTarget& target = sample.targets.emplace_back();
      target.box = *box;
      target.class_index = category->second;
      target.phrase = phrases_.phrases()[static_cast<std::size_t>(category->second)];
      target.crowd = annotation.iscrowd == 1;
    }
  }

  static std::string shown(const json& value) { return dump_json(value).substr(0, 80); }

  void duplicate(std::string_view what, std::int64_t id) {
    report_.add(DatasetFault::duplicate_id, where_, fmt::format("a second {} has the id {}", what, id));
  }

  std::string file_;
  fs::path images_;
  PhraseSet phrases_;
  std::string where_;  // "annotations[17]"
  std::vector<DetectionRecord> records_;
  DatasetReport report_;
  std::unordered_map<std::int64_t, int> class_of_category_;
  std::unordered_map<std::int64_t, std::size_t> record_of_image_;
  std::unordered_map<std::int64_t, char> annotation_ids_;
};

}  // namespace

std::unique_ptr<DetectionDataset> open_coco(const fs::path& path, std::string_view split, const DetectionDatasetOptions& options) {
  LabelFiles files = find_coco_files(path, split, "annotations.json", "instances", options.images);
  return CocoReader(files.labels, std::move(files.images), options).finish(options.image_limits);
}

}  // namespace omma
