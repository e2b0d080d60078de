#include "omma/data/yolo_files.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/label_files.h"
#include "omma/data/picture_finder.h"
#include "omma/io/yaml.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_label_bytes = 16 << 20;  // of a picture
constexpr std::size_t max_list_bytes = 1 << 30;    // of pictures
constexpr std::size_t max_classes = 100'000;
constexpr double border_slack = .01;  // as Ultralytics lets pass

// What the splits are called in the file.
const std::vector<std::vector<std::string>> split_keys = {{"train"}, {"val", "valid", "validation"}, {"test"}};

// A file as it is; of a folder its data.yaml, or the one YAML file in it.
fs::path find_yaml(const fs::path& path) {
  if (!fs::is_directory(path)) return path;
  if (fs::exists(path / "data.yaml")) return path / "data.yaml";
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(path))
    if (entry.path().extension() == ".yaml" || entry.path().extension() == ".yml") found.push_back(entry.path());
  check(found.size() == 1, "{}: expected data.yaml, or one other YAML file, found {}", path.string(), found.size());
  return found.front();
}

std::string text_of_key(const json& map, const char* key) {
  const auto value = map.find(key);
  return value != map.end() && value->is_string() ? value->get<std::string>() : "";
}

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

// `names` as a list, or as a map from number to name; of `nc` alone "class_0", ...
std::vector<std::string> class_names(const json& yaml, const std::string& where) {
  std::vector<std::string> names;
  const json list = yaml.value("names", json());
  if (const auto count = whole_number(text_of_key(yaml, "nc")); list.is_null() && count && *count <= max_classes)
    for (std::size_t i = 0; i < *count; ++i) names.push_back(fmt::format("class_{}", i));
  if (list.is_object()) names.resize(list.size());
  for (const auto& [key, name] : list.items()) {
    const auto index = list.is_object() ? whole_number(key) : names.size();
    check(name.is_string() && index && *index < list.size(), "{}: names: expected a name for each class from 0 on, got {}: {}",
          where, key, dump_json(name).substr(0, 80));
    names.resize(std::max(names.size(), *index + 1));
    names[*index] = name.get<std::string>();
  }
  check(!names.empty(), "{}: expected names, a list or a map from number to name", where);
  return names;
}

// One line's numbers; nothing where one of its words is none.
std::optional<std::vector<double>> numbers_of(std::string_view line) {
  constexpr std::string_view spaces = " \t\r";
  std::vector<double> numbers;
  while (true) {
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(spaces)));
    if (line.empty()) return numbers;
    const std::string_view word = line.substr(0, line.find_first_of(spaces));
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(number)) return std::nullopt;
    numbers.push_back(number);
    line.remove_prefix(word.size());
  }
}

// The last /images/ is /labels/, and the extension .txt.
fs::path label_file_of(const fs::path& picture) {
  constexpr std::string_view images = "/images/", labels = "/labels/";
  std::string path = fs::path(picture).replace_extension(".txt").string();
  if (const std::size_t place = path.rfind(images); place != std::string::npos) path.replace(place, images.size(), labels);
  return path;
}

// A box's or polygon's, in shares.
bool are_coordinates(std::span<const double> numbers) {
  const bool box = numbers.size() == 4, polygon = numbers.size() >= 6 && numbers.size() % 2 == 0;
  return (box || polygon) &&
         std::ranges::all_of(numbers, [](double value) { return value >= -border_slack && value <= 1 + border_slack; });
}

// Calls with each line that is not blank, without the spaces around it, and its number.
template <class Call>
void for_each_line(std::string_view text, Call&& call) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t\r")));
    if (!line.empty()) call(line.substr(0, line.find_last_not_of(" \t\r") + 1), number);
  }
}

}  // namespace

YoloFiles::YoloFiles(const fs::path& path) : yaml_file_(find_yaml(path)), yaml_(read_yaml(yaml_file_)) {
  check(yaml_.is_object(), "{}: expected names, train and val", yaml_file_.string());
  root_ = find_root();
  names_ = class_names(yaml_, yaml_file_.string());
}

void YoloFiles::list_pictures(std::string_view split, DatasetReport& report, const AddPicture& add) const {
  std::vector<std::string> there;
  std::set<fs::path> listed;
  std::vector<json> read;
  bool found = false;
  for (const std::vector<std::string>& keys : split_keys) {
    const auto key = std::ranges::find_if(keys, [&](const std::string& name) { return !yaml_.value(name, json()).is_null(); });
    if (key == keys.end()) continue;
    there.push_back(keys.front());
    if (!split.empty() && std::ranges::find(keys, split) == keys.end()) continue;
    found = true;
    // Who has no others to judge by names the same pictures for training and validation.
    if (std::ranges::find(read, yaml_[*key]) != read.end()) continue;
    read.push_back(yaml_[*key]);
    for (const fs::path& picture : pictures_of(yaml_[*key], *key, report)) {
      const std::string name = picture.lexically_relative(root_).string();
      if (listed.insert(picture).second)
        add(picture, name);
      else
        report.leave_out_record(DatasetFault::duplicate_id, name, "a picture that is listed before");
    }
  }
  check(found, "{}: no split \"{}\", but {}", yaml_file_.string(), split,
        there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", ")));
}

fs::path YoloFiles::folder() const { return fs::absolute(yaml_file_).lexically_normal().parent_path(); }

// `path`, from the file's folder or the current one; the file's folder where there is none, or it is another machine's.
fs::path YoloFiles::find_root() const {
  const std::string path = text_of_key(yaml_, "path");
  for (const fs::path& root : {folder() / path, fs::absolute(path.empty() ? "." : path)})
    if (!path.empty() && fs::is_directory(root)) return root.lexically_normal();
  return folder();
}

// A folder, a list in a file, or several of these.
std::vector<fs::path> YoloFiles::pictures_of(const json& places, const std::string& key, DatasetReport& report) const {
  std::vector<fs::path> pictures;
  for (const json& place : places.is_array() ? places : json::array({places})) {
    check(place.is_string(), "{}: {}: expected a folder, a .txt file or a list of these", yaml_file_.string(), key);
    const fs::path path = find_place(place.get<std::string>(), key);
    const std::vector<fs::path> found = fs::is_directory(path) ? pictures_below(path) : pictures_of_list(path, report);
    pictures.insert(pictures.end(), found.begin(), found.end());
  }
  return pictures;
}

// Roboflow writes "../train/images" for what is beside the file.
fs::path YoloFiles::find_place(const std::string& name, const std::string& key) const {
  std::vector<fs::path> tried = {root_ / name, folder() / name};
  if (name.starts_with("../")) tried.push_back(root_ / name.substr(3));
  for (const fs::path& path : tried)
    if (fs::exists(path)) return path.lexically_normal();
  fail("{}: {}: {} does not exist", yaml_file_.string(), key, tried.front().string());
}

// Names from the list's folder or the root.
std::vector<fs::path> YoloFiles::pictures_of_list(const fs::path& list, DatasetReport& report) const {
  const std::string text = read_file(list, max_list_bytes);
  PictureFinder finder({list.parent_path(), root_});
  std::vector<fs::path> pictures;
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    try {
      pictures.push_back(finder.find(std::string(line)).lexically_normal());
    } catch (const std::invalid_argument& error) {
      report.leave_out_record(DatasetFault::missing_picture, fmt::format("{}:{}", list.filename().string(), number), error.what());
    }
  });
  return pictures;
}

std::vector<YoloObject> read_yolo_objects(const fs::path& picture, std::size_t categories, DatasetFault malformed,
                                          const TellLabelFault& tell) {
  const fs::path labels = label_file_of(picture);
  if (!fs::exists(labels)) return {};
  const std::string text = read_file(labels, max_label_bytes);
  std::vector<YoloObject> objects;
  std::set<std::string_view> lines;
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    const std::string where = fmt::format("{}:{}", labels.filename().string(), number);
    if (!lines.insert(line).second) return tell(DatasetFault::duplicate_id, where + ": a line that stands before");
    const auto numbers = numbers_of(line);
    if (!numbers || numbers->empty() || !are_coordinates(std::span(*numbers).subspan(1)))
      return tell(malformed, fmt::format("{}: expected a class, then a box or a polygon in shares of the picture's sides, got "
                                         "\"{}\"",
                                         where, line.substr(0, 80)));
    const double category = numbers->front();
    if (!(category >= 0 && category < static_cast<double>(categories) && category == std::floor(category)))
      return tell(DatasetFault::unknown_class, fmt::format("{}: class {:g} of {}", where, category, categories));
    objects.push_back(
        {.where = where, .category = static_cast<std::size_t>(category), .coordinates = {numbers->begin() + 1, numbers->end()}});
  });
  return objects;
}

}  // namespace omma
