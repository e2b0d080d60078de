// A PNG for each picture, whose values are the objects. A JSON beside it, as omma writes one, may tell their classes:
// {"objects": [{"value": 1, "class": "dog"}, ...]}.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/folder.h"
#include "omma/data/label_files.h"
#include "omma/data/labelled_masks.h"
#include "omma/data/segmentation_collector.h"
#include "omma/data/text_records.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::array label_map_folder_names = {"labels", "masks"};
constexpr const char* unnamed_object = "object";
constexpr std::uint32_t largest_value = 0xFFFFFF;  // of three bytes

struct LabelMapFolders {
  fs::path images, labels;
};

// What follows a folder's name in the split, "" for none: SPLIT/images or images/SPLIT.
std::optional<LabelMapFolders> folders_in(const fs::path& folder, const fs::path& given_images, std::string_view part) {
  const auto of_part = [&](const fs::path& path) { return part.empty() ? path : path_inside(path, part); };
  for (const char* name : label_map_folder_names) {
    const fs::path images = given_images.empty() ? of_part(folder / "images") : given_images;
    if (fs::is_directory(images) && fs::is_directory(of_part(folder / name)))
      return LabelMapFolders{images, of_part(folder / name)};
  }
  return std::nullopt;
}

LabelMapFolders find_label_map_folders(const fs::path& path, std::string_view split, const fs::path& images) {
  check(fs::is_directory(path), "{}: expected a folder of images/ and labels/", path.string());
  if (!split.empty())
    if (const auto found = folders_in(path_inside(path, split), images, "")) return *found;
  if (const auto found = folders_in(path, images, split)) return *found;
  const std::string part = split.empty() ? "" : fmt::format(" of the split \"{}\"", split);
  fail("{}: expected the folders images/ and labels/ (or masks/){}", path.string(), part);
}

struct LabelMapPicture {
  fs::path labels;
  std::map<std::uint32_t, std::string> classes = {};  // of values; none where nothing tells them
};

// Throws std::invalid_argument where the JSON beside the labels is not one that tells classes.
LabelMapPicture read_label_map_picture(const fs::path& labels) {
  LabelMapPicture picture{.labels = labels};
  const fs::path file = fs::path(labels).replace_extension(".json");
  if (!fs::exists(file)) return picture;
  const json document = read_label_json(file);
  for (const json& object : list_in(document, "objects", file.string())) {
    const json value = object.is_object() ? object.value("value", json()) : json();
    const json name = object.is_object() ? object.value("class", json()) : json();
    check(value.is_number_unsigned() && value <= largest_value && name.is_string() && !name.get_ref<const std::string&>().empty(),
          "{}: expected a value and a class, got {}", file.string(), dump_json(object).substr(0, 80));
    picture.classes[value.get<std::uint32_t>()] = name.get<std::string>();
  }
  return picture;
}

class LabelMapLabels : public MaskLabels {
 public:
  std::vector<LabelMapPicture> pictures;
  std::vector<std::string> categories;  // sorted

  PictureMasks masks(std::size_t place, ImageSize size) const override {
    const LabelMapPicture& picture = pictures[place];
    PictureMasks masks;
    for (auto& [value, mask] : read_labelled_masks(picture.labels, size)) {
      const std::string where = fmt::format("{}: value {}", picture.labels.filename().string(), value);
      const auto named = picture.classes.find(value);
      if (!picture.classes.empty() && named == picture.classes.end()) {
        masks.leave_out(DatasetFault::unknown_class, where + ": the JSON beside it tells no class");
        continue;
      }
      SegmentationTarget target{.area = -1, .category = picture.classes.empty() ? unnamed_object : named->second};
      target.category_index = static_cast<int>(std::ranges::lower_bound(categories, target.category) - categories.begin());
      masks.add(mask, std::move(target), {}, where);
    }
    return masks;
  }
};

}  // namespace

std::unique_ptr<SegmentationDataset> open_label_maps(const fs::path& path, std::string_view split,
                                                     const SegmentationDatasetOptions& options) {
  const LabelMapFolders folders = find_label_map_folders(path, split, options.images);
  SegmentationCollector collector(options);
  DatasetReport& report = collector.report();
  auto labels = std::make_unique<LabelMapLabels>();
  std::set<std::string> classes = {unnamed_object};
  std::set<fs::path> without_picture;
  for (const fs::path& file : files_below(folders.labels))
    if (file.extension() == ".png") without_picture.insert(file);
  for (const fs::path& picture : pictures_below(folders.images)) {
    const std::string key = picture.lexically_relative(folders.images).string();
    const fs::path file = (folders.labels / key).replace_extension(".png");
    if (without_picture.erase(file) == 0) {
      report.leave_out_record(DatasetFault::missing_pair, key, "a picture without a label map");
      continue;
    }
    try {
      labels->pictures.push_back(read_label_map_picture(file));
      for (const auto& [value, name] : labels->pictures.back().classes) classes.insert(name);
      collector.add_picture({.key = key, .image = picture, .size = {}, .place = labels->pictures.size() - 1});
    } catch (const std::invalid_argument& error) {
      report.leave_out_record(DatasetFault::malformed_record, key, error.what());
    }
  }
  for (const fs::path& file : without_picture)
    report.leave_out_record(DatasetFault::missing_pair, file.lexically_relative(folders.labels).string(),
                            "a label map without a picture");
  if (classes.size() > 1 && std::ranges::none_of(labels->pictures, [](const auto& picture) { return picture.classes.empty(); }))
    classes.erase(unnamed_object);
  labels->categories.assign(classes.begin(), classes.end());
  std::vector<std::string> categories = labels->categories;
  return collector.finish(std::move(labels), std::move(categories), path.string());
}

}  // namespace omma
