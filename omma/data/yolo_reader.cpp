// YOLO as Ultralytics reads it (https://docs.ultralytics.com/datasets/detect): a data.yaml with the classes' names and the pictures
// of each split, and a text file a picture, under labels/ where the picture is under images/, with a line an object: its class and
// a box (centre x, centre y, width, height) or a polygon (x, y, x, y, ...), in shares of the picture's sides.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/caption_readers.h"
#include "omma/data/detection_collector.h"
#include "omma/data/picture_finder.h"
#include "omma/data/yaml.h"

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

// The edges of a line's box or polygon, in shares; nothing where the coordinates are neither.
std::optional<std::array<double, 4>> edges_of(std::span<const double> coordinates) {
  const bool box = coordinates.size() == 4, polygon = coordinates.size() >= 6 && coordinates.size() % 2 == 0;
  const auto is_share = [](double value) { return value >= -border_slack && value <= 1 + border_slack; };
  if ((!box && !polygon) || !std::ranges::all_of(coordinates, is_share)) return std::nullopt;
  if (box) {
    const double x = coordinates[0], y = coordinates[1], width = coordinates[2], height = coordinates[3];
    return {{x - width / 2, y - height / 2, x + width / 2, y + height / 2}};
  }
  std::array<double, 4> edges = {coordinates[0], coordinates[1], coordinates[0], coordinates[1]};
  for (std::size_t i = 0; i < coordinates.size(); ++i) {
    edges[i % 2] = std::min(edges[i % 2], coordinates[i]);
    edges[2 + i % 2] = std::max(edges[2 + i % 2], coordinates[i]);
  }
  return edges;
}

// The last /images/ is /labels/, and the extension .txt.
fs::path label_file_of(const fs::path& picture) {
  constexpr std::string_view images = "/images/", labels = "/labels/";
  std::string path = fs::path(picture).replace_extension(".txt").string();
  if (const std::size_t place = path.rfind(images); place != std::string::npos) path.replace(place, images.size(), labels);
  return path;
}

class YoloReader {
 public:
  YoloReader(const fs::path& yaml_file, const DetectionDatasetOptions& options)
      : yaml_file_(yaml_file),
        yaml_(read_yaml(yaml_file)),
        phrases_(options.class_phrases),
        collector_(options, DetectionCollector::Coordinates::shares) {
    check(yaml_.is_object(), "{}: expected names, train and val", yaml_file.string());
    root_ = find_root();
    names_ = class_names(yaml_, yaml_file.string());
    for (const std::string& name : names_) phrases_.add(name);
    phrases_.expect_all_given(yaml_file.string());
  }

  // "": all there are.
  void read_split(std::string_view split) {
    std::vector<std::string> there;
    bool found = false;
    for (const std::vector<std::string>& keys : split_keys) {
      const auto key = std::ranges::find_if(keys, [&](const std::string& name) { return !yaml_.value(name, json()).is_null(); });
      if (key == keys.end()) continue;
      there.push_back(keys.front());
      if (!split.empty() && std::ranges::find(keys, split) == keys.end()) continue;
      found = true;
      read_pictures(yaml_[*key], *key);
    }
    check(found, "{}: no split \"{}\", but {}", yaml_file_.string(), split,
          there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", ")));
  }

  std::unique_ptr<DetectionDataset> finish() { return collector_.finish(phrases_.phrases(), yaml_file_.string()); }

 private:
  fs::path folder() const { return fs::absolute(yaml_file_).lexically_normal().parent_path(); }

  // `path`, from the file's folder or the current one; the file's folder where there is none, or it is another machine's.
  fs::path find_root() const {
    const std::string path = text_of_key(yaml_, "path");
    for (const fs::path& root : {folder() / path, fs::absolute(path.empty() ? "." : path)})
      if (!path.empty() && fs::is_directory(root)) return root.lexically_normal();
    return folder();
  }

  // A folder, a list in a file, or several of these.
  void read_pictures(const json& places, const std::string& key) {
    for (const json& place : places.is_array() ? places : json::array({places})) {
      check(place.is_string(), "{}: {}: expected a folder, a .txt file or a list of these", yaml_file_.string(), key);
      const fs::path path = find_place(place.get<std::string>(), key);
      if (fs::is_directory(path))
        read_folder(path);
      else
        read_list(path);
    }
  }

  // Roboflow writes "../train/images" for what is beside the file.
  fs::path find_place(const std::string& name, const std::string& key) const {
    std::vector<fs::path> tried = {root_ / name, folder() / name};
    if (name.starts_with("../")) tried.push_back(root_ / name.substr(3));
    for (const fs::path& path : tried)
      if (fs::exists(path)) return path.lexically_normal();
    fail("{}: {}: {} does not exist", yaml_file_.string(), key, tried.front().string());
  }

  void read_folder(const fs::path& folder) {
    std::vector<fs::path> pictures;
    for (const fs::directory_entry& entry :
         fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink)) {
      std::string extension = entry.path().extension().string();
      std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
      const bool twin = entry.path().filename().string().starts_with("._");  // of macOS
      if (!extension.empty() && is_picture_extension(extension.substr(1)) && !twin) pictures.push_back(entry.path());
    }
    std::ranges::sort(pictures);
    for (const fs::path& picture : pictures) read_picture(picture);
  }

  // Names from the list's folder or the root.
  void read_list(const fs::path& list) {
    const std::string text = read_file(list, max_list_bytes);
    PictureFinder finder({list.parent_path(), root_});
    for_each_line(text, [&](std::string_view line, std::size_t number) {
      const std::string name(line);
      try {
        read_picture(finder.find(name).lexically_normal());
      } catch (const std::invalid_argument& error) {
        collector_.leave_out_picture(DatasetFault::missing_picture, fmt::format("{}:{}", list.filename().string(), number),
                                     error.what());
      }
    });
  }

  void read_picture(const fs::path& picture) {
    DetectionSample sample;
    sample.key = picture.lexically_relative(root_).string();
    if (!pictures_.insert(picture).second)
      return collector_.leave_out_picture(DatasetFault::duplicate_id, sample.key, "a picture that is listed before");
    const std::size_t place = collector_.add_picture(std::move(sample), picture);
    const fs::path labels = label_file_of(picture);
    if (!fs::exists(labels)) return;  // without objects
    lines_.clear();
    const std::string text = read_file(labels, max_label_bytes);
    for_each_line(text, [&](std::string_view line, std::size_t number) {
      read_object(line, fmt::format("{}:{}", labels.filename().string(), number), place);
    });
  }

  void read_object(std::string_view line, const std::string& where, std::size_t place) {
    const std::string key = collector_.sample(place).key;
    if (!lines_.insert(std::string(line)).second)
      return collector_.report().add(DatasetFault::duplicate_id, key, where + ": a line that stands before");
    const auto numbers = numbers_of(line);
    const auto edges = numbers && !numbers->empty() ? edges_of(std::span(*numbers).subspan(1)) : std::nullopt;
    if (!edges)
      return collector_.leave_out_box(
          DatasetFault::malformed_box, key,
          fmt::format("{}: expected a class, then a box or a polygon in shares of the picture's sides, got \"{}\"", where,
                      line.substr(0, 80)));
    const double number = numbers->front();
    if (!(number >= 0 && number < static_cast<double>(names_.size()) && number == std::floor(number)))
      return collector_.leave_out_box(DatasetFault::unknown_class, key,
                                      fmt::format("{}: class {:g} of {}", where, number, names_.size()));
    DetectionTarget target;
    target.class_index = phrases_.add(names_[static_cast<std::size_t>(number)]);
    target.phrase = phrases_.phrases()[static_cast<std::size_t>(target.class_index)];
    collector_.add_box(place, std::move(target), *edges);
  }

  // Calls with each line that is not blank, without the spaces around it, and its number.
  template <class Call>
  static void for_each_line(std::string_view text, Call&& call) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    for (std::size_t number = 1; !text.empty(); ++number) {
      std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t\r")));
      if (!line.empty()) call(line.substr(0, line.find_last_not_of(" \t\r") + 1), number);
    }
  }

  fs::path yaml_file_;
  json yaml_;
  fs::path root_;
  std::vector<std::string> names_;
  PhraseSet phrases_;
  DetectionCollector collector_;
  std::set<fs::path> pictures_;
  std::set<std::string> lines_;  // of one label file
};

}  // namespace

std::unique_ptr<DetectionDataset> open_yolo(const fs::path& path, std::string_view split, const DetectionDatasetOptions& options) {
  YoloReader reader(find_yaml(path), options);
  reader.read_split(split);
  return reader.finish();
}

}  // namespace omma
