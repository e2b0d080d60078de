// ODVG JSON lines (Open-GroundingDino, MMDetection): one picture a line, in detection form
//   {"filename", "height", "width", "detection": {"instances": [{"bbox": [x0, y0, x1, y1], "label": 3, "category": "dog"}]}}
// or in grounding form
//   {"filename", "height", "width", "grounding": {"caption": "...", "regions": [{"bbox": one box or a list of them,
//    "phrase": "..." or ["...", ...], "tokens_positive": [[begin, end], ...] in code points of the caption}]}}
#include <algorithm>
#include <cctype>
#include <set>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/label_files.h"
#include "omma/data/record_dataset.h"
#include "omma/data/text_records.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

struct OdvgLine {
  std::string filename;
  int width = 0;
  int height = 0;
  json detection;
  json grounding;
  template <class Fields>
  void fields(Fields& field) {
    field(FieldNames{"filename", "file_name"}, filename);
    field("width", width, Range{1, 65'535});
    field("height", height, Range{1, 65'535});
    field("detection", detection);
    field("grounding", grounding);
  }
  void validate(Faults& faults) const {
    faults.expect(!filename.empty(), "filename is missing or empty");
    faults.expect(width > 0 && height > 0, "width or height is missing");
    faults.expect(detection.is_null() != grounding.is_null(), "expected either detection or grounding");
  }
};

struct OdvgInstance {
  std::optional<std::int64_t> label;
  std::string category;
  json bbox;
  template <class Fields>
  void fields(Fields& field) {
    field("label", label, Range{0, 1e9});
    field("category", category);
    field("bbox", bbox);
  }
};

struct OdvgRegion {
  json bbox;
  json phrase;
  json tokens_positive;
  template <class Fields>
  void fields(Fields& field) {
    field("bbox", bbox);
    field("phrase", phrase);
    field("tokens_positive", tokens_positive);
  }
};

// Where each code point of valid UTF-8 begins, and the end.
std::vector<std::size_t> code_point_starts(std::string_view text) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) starts.push_back(i);
  starts.push_back(text.size());
  return starts;
}

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// The phrase as whole words of the caption, whatever its case: "cat" is not in "category".
std::optional<TextSpan> find_phrase(std::string_view caption, std::string_view phrase) {
  const auto is_word = [&](std::size_t at) {
    return (caption[at] & 0x80) != 0 || std::isalnum(static_cast<unsigned char>(caption[at])) != 0;
  };
  const std::string text = ascii_lower(caption), sought = ascii_lower(phrase);
  if (sought.empty()) return std::nullopt;
  for (std::size_t begin = text.find(sought); begin != std::string::npos; begin = text.find(sought, begin + 1)) {
    const std::size_t end = begin + sought.size();
    if ((begin == 0 || !is_word(begin - 1)) && (end == text.size() || !is_word(end))) return TextSpan{begin, end};
  }
  return std::nullopt;
}

std::optional<std::vector<TextSpan>> read_spans(const json& positions, std::string_view caption) {
  const std::vector<std::size_t> starts = code_point_starts(caption);
  const auto is_place = [&](const json& value) {
    return value.is_number_integer() && value.get<std::int64_t>() >= 0 && value.get<std::uint64_t>() < starts.size();
  };
  if (!positions.is_array() || positions.empty()) return std::nullopt;
  std::vector<TextSpan> spans;
  for (const json& pair : positions) {
    if (!pair.is_array() || pair.size() != 2 || !is_place(pair[0]) || !is_place(pair[1])) return std::nullopt;
    const TextSpan span{starts[pair[0].get<std::size_t>()], starts[pair[1].get<std::size_t>()]};
    if (span.begin >= span.end) return std::nullopt;
    spans.push_back(span);
  }
  return spans;
}

class OdvgReader {
 public:
  OdvgReader(const fs::path& file, const DetectionDatasetOptions& options)
      : images_(picture_folder(file, options.images)), phrases_(options.class_phrases) {
    if (!options.label_map.empty()) read_label_map(options.label_map);
    read_json_lines(file, report_, [this](const json& object, const std::string& where) {
      where_ = where;
      read_line(object);
    });
  }

  std::unique_ptr<DetectionDataset> finish(const ImageLimits& limits) {
    return std::make_unique<RecordDataset>(std::move(records_), phrases_.phrases(), std::move(report_), limits);
  }

 private:
  void read_label_map(const fs::path& file) {
    const json map = read_json(file);
    check(map.is_object(), "{}: expected an object from label number to class name, got {}", file.string(), map.type_name());
    for (std::size_t label = 0; label < map.size(); ++label) {  // in the order of the numbers, not of the keys as text
      const auto name = map.find(std::to_string(label));
      check(name != map.end() && name->is_string(), "{}: expected labels \"0\" to \"{}\" with names, \"{}\" is not so",
            file.string(), map.size() - 1, label);
      labels_.push_back(name->get<std::string>());
      phrases_.add(labels_.back());
    }
  }

  void read_line(const json& object) {
    const OdvgLine line = read_config<OdvgLine>(object, where_);
    DetectionRecord record;
    record.image = path_inside(images_, line.filename);
    record.sample.key = line.filename;
    record.sample.width = line.width;
    record.sample.height = line.height;
    if (keys_.contains(line.filename))
      return report_.add(DatasetFault::duplicate_id, where_, fmt::format("a second line for {}", line.filename));
    if (line.detection.is_null())
      read_grounding(line.grounding, record.sample);
    else
      for (const json& instance : list_of(line.detection, "instances")) read_instance(instance, record.sample);
    keys_.insert(line.filename);
    records_.push_back(std::move(record));
  }

  const json& list_of(const json& object, const char* name) const {
    check(object.is_object() && object.contains(name) && object[name].is_array(), "{}: expected a list \"{}\"", where_, name);
    return object[name];
  }

  void read_instance(const json& object, DetectionSample& sample) {
    const auto instance = read_config<OdvgInstance>(object, where_);
    std::string name = instance.category;
    if (!labels_.empty() && instance.label) {
      if (static_cast<std::size_t>(*instance.label) >= labels_.size())
        return report_.add(DatasetFault::unknown_class, sample.key,
                           fmt::format("{}: label {} of {}", where_, *instance.label, labels_.size()));
      name = labels_[static_cast<std::size_t>(*instance.label)];
    }
    if (name.empty())
      return report_.add(DatasetFault::unknown_class, sample.key, fmt::format("{}: neither category nor a mapped label", where_));
    const int index = phrases_.add(name);
    add_target(instance.bbox,
               {.box = {}, .phrase = phrases_.phrases()[static_cast<std::size_t>(index)], .class_index = index, .spans = {}},
               sample);
  }

  void read_grounding(const json& grounding, DetectionSample& sample) {
    check(grounding.is_object() && grounding.contains("caption") && grounding["caption"].is_string(), "{}: expected a caption",
          where_);
    sample.caption = grounding["caption"].get<std::string>();
    for (const json& object : list_of(grounding, "regions")) read_region(read_config<OdvgRegion>(object, where_), sample);
  }

  void read_region(const OdvgRegion& region, DetectionSample& sample) {
    DetectionTarget target;
    std::vector<std::string> parts;
    for (const json& part : region.phrase.is_array() ? region.phrase : json::array({region.phrase}))
      if (part.is_string()) parts.push_back(part.get<std::string>());
    for (const std::string& part : parts) target.phrase += (target.phrase.empty() ? "" : " ") + part;
    if (!region.tokens_positive.is_null()) {
      auto spans = read_spans(region.tokens_positive, *sample.caption);
      if (!spans)
        return report_.add(DatasetFault::phrase_not_found, sample.key,
                           fmt::format("{}: tokens_positive do not lie in the caption", where_));
      target.spans = std::move(*spans);
    } else {
      for (const std::string& part : parts)
        if (const auto span = find_phrase(*sample.caption, part)) target.spans.push_back(*span);
    }
    if (target.phrase.empty() || target.spans.empty())
      return report_.add(DatasetFault::phrase_not_found, sample.key,
                         fmt::format("{}: the caption does not hold \"{}\"", where_, target.phrase));
    const bool several = region.bbox.is_array() && !region.bbox.empty() && region.bbox.front().is_array();
    for (const json& bbox : several ? region.bbox : json::array({region.bbox})) add_target(bbox, target, sample);
  }

  void add_target(const json& bbox, DetectionTarget target, DetectionSample& sample) {
    const auto numbers = four_numbers(bbox);
    if (!numbers)
      return report_.add(DatasetFault::malformed_box, sample.key,
                         fmt::format("{}: expected bbox [x0, y0, x1, y1], got {}", where_, dump_json(bbox).substr(0, 80)));
    if (const auto box = accept_box(*numbers, sample, report_)) {
      target.box = *box;
      sample.targets.push_back(std::move(target));
    }
  }

  fs::path images_;
  PhraseSet phrases_;
  std::vector<std::string> labels_;
  std::string where_;  // "train.jsonl:17"
  std::set<std::string> keys_;
  std::vector<DetectionRecord> records_;
  DatasetReport report_;
};

}  // namespace

std::unique_ptr<DetectionDataset> open_odvg(const fs::path& path, std::string_view split, const DetectionDatasetOptions& options) {
  fs::path file = path;
  if (fs::is_directory(path)) {
    check(!split.empty(), "{}: a folder of JSON lines needs a split", path.string());
    file = path_inside(path, std::string(split) + ".jsonl");
  }
  return OdvgReader(file, options).finish(options.image_limits);
}

}  // namespace omma
