// Pascal VOC: one XML a picture. pugixml expands no entities of a DOCTYPE and reads no other file.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <pugixml.hpp>
#include <set>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/record_dataset.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_xml_bytes = 16 << 20;
constexpr int largest_side = 65'535;

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

// Splits are lists of names, one a line; in ImageSets/Main a second column may follow.
std::vector<std::string> read_names(const fs::path& file) {
  const std::string text = read_file(file, 256 << 20);
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.size(), text.find('\n', begin));
    const std::size_t first = text.find_first_not_of(" \t\r", begin);
    if (first < end) names.push_back(text.substr(first, std::min(end, text.find_first_of(" \t\r", first)) - first));
    begin = end + 1;
  }
  return names;
}

std::vector<std::string> names_of_split(const fs::path& root, std::string_view split) {
  if (!split.empty()) {
    const std::string file_name = std::string(split) + ".txt";
    for (const fs::path& folder : {root / "splits", root / "ImageSets" / "Main"})
      if (fs::is_directory(folder) && fs::exists(path_inside(folder, file_name))) return read_names(folder / file_name);
    fail("{}: no split \"{}\": neither splits/{} nor ImageSets/Main/{} is there", root.string(), split, file_name, file_name);
  }
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(root / "Annotations"))
    if (entry.path().extension() == ".xml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

class VocReader {
 public:
  VocReader(fs::path root, const DetectionDatasetOptions& options)
      : root_(std::move(root)),
        images_(options.images.empty() ? root_ / "JPEGImages" : options.images),
        class_phrases_(options.class_phrases),
        phrases_(options.class_phrases) {
    for (const auto& [name, phrase] : class_phrases_) phrases_.add(name);
  }

  void read(const std::string& name) {
    if (!names_.insert(name).second) return report_.add(DatasetFault::duplicate_id, name, "listed twice");
    try {
      read_annotation(name, read_file(path_inside(root_ / "Annotations", name + ".xml"), most_xml_bytes));
    } catch (const std::invalid_argument& error) {
      report_.add(DatasetFault::malformed_record, name, error.what());
    }
  }

  // Without a map the classes are those met, in alphabetical order.
  std::unique_ptr<DetectionDataset> finish(const ImageLimits& limits) {
    if (class_phrases_.empty()) {
      std::set<std::string> met;
      for (const DetectionRecord& record : records_)
        for (const DetectionTarget& target : record.sample.targets) met.insert(target.phrase);
      for (const std::string& name : met) phrases_.add(name);
      for (DetectionRecord& record : records_)
        for (DetectionTarget& target : record.sample.targets) target.class_index = phrases_.add(target.phrase);
    }
    return std::make_unique<RecordDataset>(std::move(records_), phrases_.phrases(), std::move(report_), limits);
  }

 private:
  void read_annotation(const std::string& name, const std::string& text) {
    pugi::xml_document document;
    const pugi::xml_parse_result parsed = document.load_buffer(text.data(), text.size());
    check(parsed, "{}.xml: malformed XML at byte {}: {}", name, parsed.offset, parsed.description());
    const pugi::xml_node annotation = document.child("annotation");
    check(annotation, "{}.xml: expected the element <annotation>", name);

    DetectionRecord record;
    record.sample.key = name;
    record.sample.width = side_of(annotation, "width", name);
    record.sample.height = side_of(annotation, "height", name);
    record.image = picture_of(annotation, name);
    for (const pugi::xml_node& object : annotation.children("object")) read_object(object, record.sample);
    records_.push_back(std::move(record));
  }

  static int side_of(const pugi::xml_node& annotation, const char* side, const std::string& name) {
    const auto value = number_of(annotation.child("size"), side);
    check(value && *value >= 1 && *value <= largest_side, "{}.xml: expected <size><{}> of 1 to {}, got \"{}\"", name, side,
          largest_side, text_of(annotation.child("size"), side));
    return static_cast<int>(*value);
  }

  // <filename> is often wrong in data that was renamed: the annotation's own name comes first.
  fs::path picture_of(const pugi::xml_node& annotation, const std::string& name) const {
    for (const char* extension : {".jpg", ".jpeg", ".png", ".JPG"})
      if (const fs::path path = images_ / (name + extension); fs::exists(path)) return path;
    const std::string filename = text_of(annotation, "filename");
    return path_inside(images_, filename.empty() ? name + ".jpg" : filename);
  }

  void read_object(const pugi::xml_node& object, DetectionSample& sample) {
    DetectionTarget target;
    const std::string name = text_of(object, "name");
    const auto mapped = class_phrases_.find(name);
    if (name.empty() || (!class_phrases_.empty() && mapped == class_phrases_.end()))
      return report_.add(DatasetFault::unknown_class, sample.key, fmt::format("class \"{}\"", name));
    if (mapped != class_phrases_.end()) target.class_index = phrases_.add(name);
    target.phrase = mapped != class_phrases_.end() ? mapped->second : name;
    target.ignore = text_of(object, "difficult") == "1";

    std::array<double, 4> edges;
    constexpr std::array names = {"xmin", "ymin", "xmax", "ymax"};
    for (std::size_t i = 0; i < edges.size(); ++i) {
      const auto edge = number_of(object.child("bndbox"), names[i]);
      if (!edge)
        return report_.add(DatasetFault::malformed_box, sample.key,
                           fmt::format("<{}> of a {}: expected a number, got \"{}\"", names[i], name,
                                       text_of(object.child("bndbox"), names[i]).substr(0, 40)));
      edges[i] = *edge;
    }
    if (const auto box = accept_box(edges, sample, report_)) {
      target.box = *box;
      sample.targets.push_back(std::move(target));
    }
  }

  fs::path root_;
  fs::path images_;
  std::map<std::string, std::string> class_phrases_;
  PhraseSet phrases_;
  std::set<std::string> names_;
  std::vector<DetectionRecord> records_;
  DatasetReport report_;
};

}  // namespace

std::unique_ptr<DetectionDataset> open_voc(const fs::path& path, std::string_view split, const DetectionDatasetOptions& options) {
  check(fs::is_directory(path / "Annotations"), "{}: expected a folder with Annotations/", path.string());
  VocReader reader(path, options);
  for (const std::string& name : names_of_split(path, split)) reader.read(name);
  return reader.finish(options.image_limits);
}

}  // namespace omma
