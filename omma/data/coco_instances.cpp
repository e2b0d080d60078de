#include "omma/data/coco_instances.h"

#include "omma/base/error.h"
#include "omma/data/picture_size.h"
#include "omma/data/text_records.h"

namespace omma {
namespace {

constexpr std::size_t max_instances_bytes = std::size_t{4} << 30;

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

}  // namespace

void CocoAnnotation::validate(Faults& faults) const {
  faults.expect(!id_of(image_id).empty(), "expected an image_id, a whole number or a text, got {}", dump_json(image_id));
  faults.expect(!id_of(category_id).empty(), "expected a category_id, a whole number or a text, got {}", dump_json(category_id));
}

// Returns how many are no Items, which are told.
template <class Item, class Add>
std::size_t CocoInstances::read_list(const json& document, const char* name, Add&& add) {
  const std::size_t before = report_.count(DatasetFault::malformed_record);
  read_records<Item>(list_in(document, name, file_.string()), name, report_, add);
  return report_.count(DatasetFault::malformed_record) - before;
}

void CocoInstances::read(std::vector<std::string> skip_keys) {
  const json document = read_label_json(file_, {.bytes = max_instances_bytes, .skip_keys = std::move(skip_keys)});
  read_list<CocoCategory>(document, "categories", [this](const CocoCategory& category, const std::string& where) {
    const std::string id = id_of(category.id);
    if (category_of_id_.contains(id))
      return report_.add(DatasetFault::duplicate_id, where, fmt::format("a second category has the id {}", id));
    category_of_id_[id] = add_category(category.name);
  });
  const std::size_t pictures = read_list<CocoImage>(document, "images", [this](const CocoImage& image, const std::string& where) {
    const std::string id = id_of(image.id);
    if (picture_of_id_.contains(id))
      return report_.leave_out_record(DatasetFault::duplicate_id, where, fmt::format("a second image has the id {}", id));
    picture_of_id_[id] =
        add_picture(image.file_name, finder_.find(image.file_name), {picture_side(image.width), picture_side(image.height)});
  });
  const std::size_t objects = read_list<CocoAnnotation>(
      document, "annotations",
      [this](const CocoAnnotation& annotation, const std::string& where) { place_annotation(annotation, where); });
  report_.count_records(pictures, pictures);
  report_.count_objects(objects, objects);
}

void CocoInstances::place_annotation(const CocoAnnotation& annotation, const std::string& where) {
  const auto picture = picture_of_id_.find(id_of(annotation.image_id));
  if (picture == picture_of_id_.end())
    return report_.leave_out_object(DatasetFault::unknown_picture, where,
                                    fmt::format("no image has the id {}", id_of(annotation.image_id)));
  const auto category = category_of_id_.find(id_of(annotation.category_id));
  if (category == category_of_id_.end())
    return report_.leave_out_object(DatasetFault::unknown_class, picture_name(picture->second),
                                    fmt::format("{}: no category has the id {}", where, id_of(annotation.category_id)));
  add_object(picture->second, category->second, annotation, where);
}

}  // namespace omma
