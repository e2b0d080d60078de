// COCO instances JSON: https://cocodataset.org/#format-data
#include <unordered_map>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/data/detection_collector.h"
#include "omma/data/label_files.h"
#include "omma/data/picture_finder.h"
#include "omma/data/record_dataset.h"
#include "omma/data/text_records.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

struct CocoCategory {
  json id;
  std::string name;
  template <class Fields>
  void fields(Fields& field) {
    field("id", id);
    field("name", name);
  }
  void validate(Faults& faults) const {
    faults.expect(!id_of(id).empty(), "expected an id, a whole number or a text, got {}", dump_json(id));
    faults.expect(!name.empty(), "name is missing or empty");
  }
};

struct CocoImage {
  json id;
  std::string file_name;
  json width;  // tools leave these out, or write 0 or texts
  json height;
  template <class Fields>
  void fields(Fields& field) {
    field("id", id);
    field("file_name", file_name);
    field("width", width);
    field("height", height);
  }
  void validate(Faults& faults) const {
    faults.expect(!id_of(id).empty(), "expected an id, a whole number or a text, got {}", dump_json(id));
    faults.expect(!file_name.empty(), "file_name is missing or empty");
  }
};

// Its own id is left unread: tools repeat it.
struct CocoAnnotation {
  json image_id;
  json category_id;
  json iscrowd;
  json bbox;
  template <class Fields>
  void fields(Fields& field) {
    field("image_id", image_id);
    field("category_id", category_id);
    field("iscrowd", iscrowd);
    field("bbox", bbox);
  }
  void validate(Faults& faults) const {
    faults.expect(!id_of(image_id).empty(), "expected an image_id, a whole number or a text, got {}", dump_json(image_id));
    faults.expect(!id_of(category_id).empty(), "expected a category_id, a whole number or a text, got {}", dump_json(category_id));
  }
};

// Written as 0 or 1, "0" or "1", false or true; anything else marks no crowd.
bool is_crowd(const json& mark) { return mark == 1 || mark == "1" || mark == true || mark == "true"; }

class CocoReader {
 public:
  CocoReader(const LabelFiles& files, const DetectionDatasetOptions& options)
      : file_(files.labels.string()), finder_(files.picture_folders()), phrases_(options.class_phrases), collector_(options) {
    const json document =
        read_label_json(files.labels, {.bytes = std::size_t{4} << 30, .skip_keys = {"segmentation", "keypoints"}});
    read_list<CocoCategory>(document, "categories", [this](const CocoCategory& category) { add_category(category); });
    const std::size_t pictures = read_list<CocoImage>(document, "images", [this](const CocoImage& image) { add_image(image); });
    const std::size_t boxes = read_list<CocoAnnotation>(document, "annotations",
                                                        [this](const CocoAnnotation& annotation) { add_annotation(annotation); });
    collector_.report().count_records(pictures, pictures);
    collector_.report().count_boxes(boxes, boxes);
    phrases_.expect_all_given(file_);
  }

  std::unique_ptr<DetectionDataset> finish() { return collector_.finish(phrases_.phrases(), file_); }

 private:
  // Returns how many are no Items, which are told.
  template <class Item, class Add>
  std::size_t read_list(const json& document, const char* name, Add&& add) {
    DatasetReport& report = collector_.report();
    const std::size_t before = report.count(DatasetFault::malformed_record);
    read_records<Item>(list_in(document, name, file_), name, report, [&](const Item& item, const std::string& where) {
      where_ = where;
      add(item);
    });
    return report.count(DatasetFault::malformed_record) - before;
  }

  void add_category(const CocoCategory& category) {
    const std::string id = id_of(category.id);
    if (class_of_category_.contains(id))
      return collector_.report().add(DatasetFault::duplicate_id, where_, fmt::format("a second category has the id {}", id));
    class_of_category_[id] = phrases_.add(category.name);
  }

  void add_image(const CocoImage& image) {
    const std::string id = id_of(image.id);
    if (picture_of_image_.contains(id))
      return collector_.leave_out_picture(DatasetFault::duplicate_id, where_, fmt::format("a second image has the id {}", id));
    fs::path file = finder_.find(image.file_name);
    DetectionSample sample;
    sample.key = image.file_name;
    sample.width = picture_side(image.width);
    sample.height = picture_side(image.height);
    picture_of_image_[id] = collector_.add_picture(std::move(sample), std::move(file));
  }

  void add_annotation(const CocoAnnotation& annotation) {
    const auto picture = picture_of_image_.find(id_of(annotation.image_id));
    if (picture == picture_of_image_.end())
      return collector_.leave_out_box(DatasetFault::unknown_picture, where_,
                                      fmt::format("no image has the id {}", id_of(annotation.image_id)));
    const std::string& key = collector_.sample(picture->second).key;
    const auto category = class_of_category_.find(id_of(annotation.category_id));
    if (category == class_of_category_.end())
      return collector_.leave_out_box(DatasetFault::unknown_class, key,
                                      fmt::format("{}: no category has the id {}", where_, id_of(annotation.category_id)));
    const auto numbers = four_numbers(annotation.bbox);
    if (!numbers)
      return collector_.leave_out_box(
          DatasetFault::malformed_box, key,
          fmt::format("{}: expected bbox [x, y, width, height], got {}", where_, dump_json(annotation.bbox).substr(0, 80)));
    DetectionTarget target;
    target.class_index = category->second;
    target.phrase = phrases_.phrases()[static_cast<std::size_t>(category->second)];
    target.crowd = is_crowd(annotation.iscrowd);
    const auto [x, y, width, height] = *numbers;
    collector_.add_box(picture->second, std::move(target), {x, y, x + width, y + height});
  }

  std::string file_;
  PictureFinder finder_;
  PhraseSet phrases_;
  DetectionCollector collector_;
  std::string where_;  // "annotations[17]"
  std::unordered_map<std::string, int> class_of_category_;
  std::unordered_map<std::string, std::size_t> picture_of_image_;
};

}  // namespace

std::unique_ptr<DetectionDataset> open_coco(const fs::path& path, std::string_view split, const DetectionDatasetOptions& options) {
  return CocoReader(find_coco_files(path, split, "annotations.json", "instances", options.images), options).finish();
}

}  // namespace omma
