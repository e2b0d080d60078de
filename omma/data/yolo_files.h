// A YOLO data set's files as Ultralytics reads them (https://docs.ultralytics.com/datasets/detect): a data.yaml with the classes'
// names and the pictures of each split, and a text file a picture, under labels/ where the picture is under images/, with a line an
// object: its class and a box or a polygon. What readers of boxes and of masks share. Not part of the interface.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"
#include "omma/data/dataset_report.h"

namespace omma {

// A line of a label file.
struct YoloObject {
  std::string where;                // "a.txt:17"
  std::size_t category = 0;         // into YoloFiles::names()
  std::vector<double> coordinates;  // centre x, centre y, width, height; or a polygon's x, y, x, y, ...: in shares of the sides
  bool is_box() const { return coordinates.size() == 4; }
};

class YoloFiles {
 public:
  // A data.yaml, or a folder with one YAML file. Throws std::invalid_argument where there are no names.
  explicit YoloFiles(const std::filesystem::path& path);

  const std::filesystem::path& yaml_file() const { return yaml_file_; }
  const std::vector<std::string>& names() const { return names_; }

  // Calls add(picture, key) for each picture of the split, "" being all there are; those that are listed twice or not to be found
  // are told and left out.
  using AddPicture = std::function<void(const std::filesystem::path& picture, const std::string& key)>;
  void list_pictures(std::string_view split, DatasetReport& report, const AddPicture& add) const;

 private:
  std::filesystem::path folder() const;
  std::filesystem::path find_root() const;
  std::filesystem::path find_place(const std::string& name, const std::string& key) const;
  std::vector<std::filesystem::path> pictures_of(const json& places, const std::string& key, DatasetReport& report) const;
  std::vector<std::filesystem::path> pictures_of_list(const std::filesystem::path& list, DatasetReport& report) const;

  std::filesystem::path yaml_file_;
  json yaml_;
  std::filesystem::path root_;
  std::vector<std::string> names_;
};

// The objects of a picture's label file, none where it has no such file. Told by tell(fault, message): a line that stands before,
// duplicate_id, which costs nothing; an unknown_class; coordinates that are neither box nor polygon, as `malformed`.
using TellLabelFault = std::function<void(DatasetFault fault, std::string message)>;
std::vector<YoloObject> read_yolo_objects(const std::filesystem::path& picture, std::size_t categories, DatasetFault malformed,
                                          const TellLabelFault& tell);

}  // namespace omma
