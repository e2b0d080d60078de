// Pascal VOC: one XML a picture. pugixml expands no entities of a DOCTYPE and reads no other file.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <pugixml.hpp>
#include <set>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/detection_collector.h"
#include "omma/data/picture_finder.h"
#include "omma/data/record_dataset.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_xml_bytes = 16 << 20;

std::string text_of(const pugi::xml_node& node, const char* name) {
  const std::string text = node.child(name).text().get();
  const std::size_t begin = text.find_first_not_of(" \t\r\n"), end = text.find_last_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

// The whole text as a finite number.
std::optional<double> number_of(const pugi::xml_node& node, const char* name) {
  const std::string text = text_of(node, name);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value)) return std::nullopt;
  return value;
}

// What a line of a split may mean, the likeliest first: the whole line, a name may hold spaces; without the second column of
// ImageSets/Main, which tells whether a class is there; without quotes; without a picture's extension.
std::vector<std::string> names_of_line(std::string_view line) {
  constexpr std::string_view spaces = " \t\r";
  const auto trim = [&](std::string_view text) {
    const std::size_t first = text.find_first_not_of(spaces);
    return first == std::string_view::npos ? std::string_view() : text.substr(first, text.find_last_not_of(spaces) - first + 1);
  };
  line = trim(line);
  if (line.empty()) return {};
  std::vector<std::string> names{std::string(line)};
  const std::size_t column = line.find_last_of(spaces);
  if (column != std::string_view::npos && line.find_first_not_of("-01", column + 1) == std::string_view::npos)
    names.emplace_back(trim(line.substr(0, column)));
  if (line.size() > 2 && (line.front() == '"' || line.front() == '\'') && line.back() == line.front())
    names.emplace_back(line.substr(1, line.size() - 2));
  if (const fs::path path(names.back()); path.has_extension()) names.push_back((path.parent_path() / path.stem()).string());
  return names;
}

// The lines' names as the annotations have them; where there is none, as the line has it.
std::vector<std::string> read_names(const fs::path& file, const fs::path& annotations) {
  const std::string text = read_file(file, 256 << 20);
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  std::vector<std::string> names;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::vector<std::string> candidates = names_of_line(line);
    if (candidates.empty()) continue;
    const auto found = std::ranges::find_if(candidates, [&](const std::string& name) {
      std::error_code unusable;  // a name that no file can have
      return fs::exists(annotations / (name + ".xml"), unusable);
    });
    names.push_back(found != candidates.end() ? *found : candidates.size() > 1 ? candidates[1] : candidates[0]);
  }
  return names;
}

// Of all annotations, those in sub-folders too; not of the twins that macOS leaves on other systems' disks.
std::vector<std::string> all_names(const fs::path& annotations) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry :
       fs::recursive_directory_iterator(annotations, fs::directory_options::follow_directory_symlink))
    if (entry.path().extension() == ".xml" && !entry.path().filename().string().starts_with("._"))
      names.push_back(entry.path().lexically_relative(annotations).replace_extension().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> names_of_split(const fs::path& root, std::string_view split) {
  if (split.empty()) return all_names(root / "Annotations");
  const std::string file_name = std::string(split) + ".txt";
  for (const fs::path& folder : {root / "splits", root / "ImageSets" / "Main"})
    if (fs::is_directory(folder) && fs::exists(path_inside(folder, file_name)))
      return read_names(folder / file_name, root / "Annotations");
  fail("{}: no split \"{}\": neither splits/{} nor ImageSets/Main/{} is there", root.string(), split, file_name, file_name);
}

class VocReader {
 public:
  VocReader(fs::path root, const DetectionDatasetOptions& options)
      : root_(std::move(root)),
        images_(options.images.empty() ? root_ / "JPEGImages" : options.images),
        finder_({images_, root_}),
        class_phrases_(options.class_phrases),
        phrases_(options.class_phrases),
        collector_(options) {}

  void read(const std::string& name) {
    if (!names_.insert(name).second) return collector_.leave_out_picture(DatasetFault::duplicate_id, name, "listed twice");
    try {
      read_annotation(name);
    } catch (const std::invalid_argument& error) {
      collector_.leave_out_picture(DatasetFault::malformed_record, name, error.what());
    }
  }

  // The classes are those of the map, or without one those met, in alphabetical order.
  std::unique_ptr<DetectionDataset> finish() {
    expect_classes();
    const std::set<std::string> classes = class_phrases_.empty() ? met_ : given_classes();
    for (const std::string& name : classes) phrases_.add(name);
    for (std::size_t i = 0; i < collector_.size(); ++i)
      for (DetectionTarget& target : collector_.sample(i).targets) {
        target.class_index = phrases_.add(target.phrase);
        target.phrase = phrases_.phrases()[static_cast<std::size_t>(target.class_index)];
      }
    return collector_.finish(phrases_.phrases(), root_.string());
  }

 private:
  std::set<std::string> given_classes() const {
    std::set<std::string> names;
    for (const auto& [name, phrase] : class_phrases_) names.insert(name);
    return names;
  }

  // A class of the map may be absent from a split, but not from the whole data set, which is looked through in this rare case.
  void expect_classes() {
    const auto is_met = [&](const auto& entry) { return met_.contains(entry.first); };
    if (std::ranges::all_of(class_phrases_, is_met)) return;
    for (const std::string& name : all_names(root_ / "Annotations")) {
      if (names_.contains(name)) continue;
      pugi::xml_document document;
      document.load_file((root_ / "Annotations" / (name + ".xml")).c_str());
      for (const pugi::xml_node& object : document.child("annotation").children("object")) met_.insert(text_of(object, "name"));
    }
    for (const auto& [name, phrase] : class_phrases_)
      check(met_.contains(name), "{}: no class is called \"{}\" (for which the phrase \"{}\" was given); the classes are {}",
            root_.string(), name, phrase, fmt::join(met_, ", "));
  }

  void read_annotation(const std::string& name) {
    const std::string text = read_file(path_inside(root_ / "Annotations", name + ".xml"), max_xml_bytes);
    pugi::xml_document document;
    const pugi::xml_parse_result parsed = document.load_buffer(text.data(), text.size());
    check(parsed, "{}.xml: malformed XML at byte {}: {}", name, parsed.offset, parsed.description());
    const pugi::xml_node annotation = document.child("annotation");
    check(annotation, "{}.xml: expected the element <annotation>", name);

    const pugi::xml_node size = annotation.child("size");
    DetectionSample sample;
    sample.key = name;
    sample.width = picture_side(json(text_of(size, "width")));
    sample.height = picture_side(json(text_of(size, "height")));
    const std::size_t place = collector_.add_picture(std::move(sample), picture_of(annotation, name));
    for (const pugi::xml_node& object : annotation.children("object")) read_object(object, place);
  }

  // <filename> is often wrong in data that was renamed: the annotation's own name comes first.
  fs::path picture_of(const pugi::xml_node& annotation, const std::string& name) {
    for (const char* extension : {".jpg", ".jpeg", ".png", ".webp", ".JPG", ".JPEG", ".PNG"})
      if (const fs::path path = images_ / (name + extension); fs::exists(path)) return path;
    const std::string filename = text_of(annotation, "filename");
    return finder_.find(filename.empty() ? name + ".jpg" : filename);
  }

  void read_object(const pugi::xml_node& object, std::size_t place) {
    const std::string key = collector_.sample(place).key, name = text_of(object, "name");
    if (name.empty()) return collector_.leave_out_box(DatasetFault::unknown_class, key, "an object without a <name>");
    met_.insert(name);
    if (!class_phrases_.empty() && !class_phrases_.contains(name))  // not asked for
      return collector_.report().add(DatasetFault::unknown_class, key, fmt::format("class \"{}\"", name));
    std::array<double, 4> edges;
    constexpr std::array names = {"xmin", "ymin", "xmax", "ymax"};
    for (std::size_t i = 0; i < edges.size(); ++i) {
      const auto edge = number_of(object.child("bndbox"), names[i]);
      if (!edge)
        return collector_.leave_out_box(DatasetFault::malformed_box, key,
                                        fmt::format("<{}> of a {}: expected a number, got \"{}\"", names[i], name,
                                                    text_of(object.child("bndbox"), names[i]).substr(0, 40)));
      edges[i] = *edge;
    }
    DetectionTarget target;
    target.phrase = name;  // until the classes are known
    const std::string difficult = text_of(object, "difficult");
    target.ignore = difficult == "1" || difficult == "true";
    collector_.add_box(place, std::move(target), edges);
  }

  fs::path root_;
  fs::path images_;
  PictureFinder finder_;
  std::map<std::string, std::string> class_phrases_;
  PhraseSet phrases_;
  DetectionCollector collector_;
  std::set<std::string> names_;
  std::set<std::string> met_;  // classes
};

}  // namespace

std::unique_ptr<DetectionDataset> open_voc(const fs::path& path, std::string_view split, const DetectionDatasetOptions& options) {
  check(fs::is_directory(path / "Annotations"), "{}: expected a folder with Annotations/", path.string());
  VocReader reader(path, options);
  for (const std::string& name : names_of_split(path, split)) reader.read(name);
  return reader.finish();
}

}  // namespace omma
