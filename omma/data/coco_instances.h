// A COCO instances JSON (https://cocodataset.org/#format-data), list by list: what readers of boxes and of masks share. Not part of
// the interface.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "omma/base/config.h"
#include "omma/data/dataset_report.h"
#include "omma/data/label_files.h"
#include "omma/data/picture_finder.h"
#include "omma/io/image_file.h"

namespace omma {

// Its own id is left unread: tools repeat it.
struct CocoAnnotation {
  json image_id;
  json category_id;
  json iscrowd;
  json bbox;
  json area;
  json segmentation;
  template <class Fields>
  void fields(Fields& field) {
    field("image_id", image_id);
    field("category_id", category_id);
    field("iscrowd", iscrowd);
    field("bbox", bbox);
    field("area", area);
    field("segmentation", segmentation);
  }
  void validate(Faults& faults) const;

  // Written as 0 or 1, "0" or "1", false or true; anything else marks no crowd.
  bool is_crowd() const { return iscrowd == 1 || iscrowd == "1" || iscrowd == true || iscrowd == "true"; }
};

// Finds an annotation's picture and category by their ids; what is faulty is told in the report and left out.
class CocoInstances {
 public:
  CocoInstances(const LabelFiles& files, DatasetReport& report)
      : file_(files.labels), finder_(files.picture_folders()), report_(report) {}
  virtual ~CocoInstances() = default;
  CocoInstances(const CocoInstances&) = delete;
  CocoInstances& operator=(const CocoInstances&) = delete;

  // Members of these names are left unread. Throws std::invalid_argument where the file is no instances JSON.
  void read(std::vector<std::string> skip_keys);

 protected:
  // A category's or picture's place, by which annotations are told. A side of the labelled size is 0 where they tell none.
  virtual int add_category(const std::string& name) = 0;
  virtual std::size_t add_picture(const std::string& name, std::filesystem::path file, ImageSize labelled) = 0;
  // `where` is "annotations[17]".
  virtual void add_object(std::size_t picture, int category, const CocoAnnotation& annotation, const std::string& where) = 0;
  virtual const std::string& picture_name(std::size_t picture) const = 0;

 private:
  template <class Item, class Add>
  std::size_t read_list(const json& document, const char* name, Add&& add);
  void place_annotation(const CocoAnnotation& annotation, const std::string& where);

  std::filesystem::path file_;
  PictureFinder finder_;
  DatasetReport& report_;
  std::unordered_map<std::string, int> category_of_id_;
  std::unordered_map<std::string, std::size_t> picture_of_id_;
};

}  // namespace omma
