// COCO instances JSON: https://cocodataset.org/#format-data
#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/record_dataset.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t no_id = -1;
constexpr Range id_range{0, 9e15};

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
    check(document.is_object(), "{}: expected a JSON object, got {}", file_, document.type_name());
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
    const auto list = document.find(name);
    check(list != document.end() && list->is_array(), "{}: expected a list \"{}\", got {}", file_, name,
          list == document.end() ? "none" : list->type_name());
    for (std::size_t i = 0; i < list->size(); ++i) {
      where_ = fmt::format("{}[{}]", name, i);
      try {
        add(read_config<Item>((*list)[i], where_));
      } catch (const std::invalid_argument& error) {
        report_.add(DatasetFault::malformed_record, where_, error.what());
      }
    }
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

struct CocoFiles {
  fs::path labels;
  fs::path images;
};

// annotations/instances_SPLIT*.json, of which exactly one must be there: "val" finds instances_val2017.json.
fs::path find_instances(const fs::path& folder, std::string_view split) {
  const std::string prefix = "instances_" + std::string(split);
  std::vector<fs::path> found;
  if (fs::is_directory(folder / "annotations"))
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / "annotations"))
      if (entry.path().extension() == ".json" && entry.path().filename().string().starts_with(prefix))
        found.push_back(entry.path());
  check(found.size() == 1, "{}: expected annotations.json, or one annotations/{}*.json, found {} of these", folder.string(), prefix,
        found.size());
  return found.front();
}

CocoFiles find_coco_files(const fs::path& path, std::string_view split, const DetectionDatasetOptions& options) {
  if (!fs::is_directory(path)) return {path, picture_folder(path, options)};
  for (const fs::path& labels : {path_inside(path, split.empty() ? "." : split) / "annotations.json", path / "annotations.json"})
    if (fs::exists(labels)) return {labels, picture_folder(labels, options)};
  const fs::path labels = find_instances(path, split);
  const std::string part = labels.stem().string().substr(std::string_view("instances_").size());
  for (const fs::path& images : {options.images, path / part, path / "images" / part, path / "images"})
    if (!images.empty() && fs::is_directory(images)) return {labels, images};
  return {labels, path};
}

}  // namespace

std::unique_ptr<DetectionDataset> open_coco(const fs::path& path, std::string_view split, const DetectionDatasetOptions& options) {
  CocoFiles files = find_coco_files(path, split, options);
  return CocoReader(files.labels, std::move(files.images), options).finish(options.image_limits);
}

}  // namespace omma
