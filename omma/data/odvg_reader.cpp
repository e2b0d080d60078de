// ODVG JSON lines (Open-GroundingDino, MMDetection): one picture a line, in detection form
//   {"filename", "height", "width", "detection": {"instances": [{"bbox": [x0, y0, x1, y1], "label": 3, "category": "dog"}]}}
// or in grounding form
//   {"filename", "height", "width", "grounding": {"caption": "...", "regions": [{"bbox": one box or a list of them,
//    "phrase": "..." or ["...", ...], "tokens_positive": [[begin, end], ...] in code points of the caption}]}}
#include <array>
#include <cctype>
#include <charconv>
#include <set>
#include <tuple>
#include <unordered_map>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/detection_collector.h"
#include "omma/data/label_files.h"
#include "omma/data/picture_finder.h"
#include "omma/data/record_dataset.h"
#include "omma/data/text_records.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

struct OdvgLine {
  std::string filename;
  json width;  // tools leave these out
  json height;
  json detection;
  json grounding;
  template <class Fields>
  void fields(Fields& field) {
    field(FieldNames{"filename", "file_name"}, filename);
    field("width", width);
    field("height", height);
    field("detection", detection);
    field("grounding", grounding);
  }
  void validate(Faults& faults) const {
    faults.expect(!filename.empty(), "filename is missing or empty");
    faults.expect(detection.is_null() != grounding.is_null(), "expected either detection or grounding");
  }
};

struct OdvgInstance {
  json label;
  json category;
  json bbox;
  template <class Fields>
  void fields(Fields& field) {
    field("label", label);
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

// A whole number from 0 on, or a text of one.
std::optional<std::size_t> read_label(const json& label) {
  const std::string digits = id_of(label);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(number) : std::nullopt;
}

class OdvgReader {
 public:
  OdvgReader(const fs::path& file, const DetectionDatasetOptions& options)
      : file_(file.string()),
        finder_(LabelFiles{file, picture_folder(file, options.images)}.picture_folders()),
        phrases_(options.class_phrases),
        collector_(options) {
    if (!options.label_map.empty()) read_label_map(options.label_map);
    DatasetReport& report = collector_.report();
    read_json_lines(file, report, [this](const json& object, const std::string& where) {
      where_ = where;
      read_line(object);
    });
    const std::size_t malformed = report.count(DatasetFault::malformed_record);
    report.count_records(malformed, malformed);
    phrases_.expect_all_given(file_);
  }

  std::unique_ptr<DetectionDataset> finish() { return collector_.finish(phrases_.phrases(), file_); }

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
    const bool grounding = line.detection.is_null();
    const json& list = grounding ? regions_of(line.grounding) : list_of(line.detection, "instances");
    const std::size_t place = place_of(line);
    if (grounding) {
      const std::size_t offset = add_caption(line.grounding["caption"].get_ref<const std::string&>(), place);
      for (const json& region : list)
        read_item<OdvgRegion>(region, place, [&](const auto& item) { read_region(item, offset, place); });
    } else {
      for (const json& instance : list)
        read_item<OdvgInstance>(instance, place, [&](const auto& item) { read_instance(item, place); });
    }
  }

  // A picture may have several lines, as where each has an expression of its own (RefCOCO): they are one sample.
  std::size_t place_of(const OdvgLine& line) {
    if (const auto known = place_of_key_.find(line.filename); known != place_of_key_.end()) return known->second;
    fs::path file = finder_.find(line.filename);
    DetectionSample sample;
    sample.key = line.filename;
    sample.width = picture_side(line.width);
    sample.height = picture_side(line.height);
    return place_of_key_[line.filename] = collector_.add_picture(std::move(sample), std::move(file));
  }

  const json& list_of(const json& object, const char* name) const {
    check(object.is_object() && object.contains(name) && object[name].is_array(), "{}: expected a list \"{}\"", where_, name);
    return object[name];
  }

  const json& regions_of(const json& grounding) const {
    check(grounding.is_object() && grounding.contains("caption") && grounding["caption"].is_string(), "{}: expected a caption",
          where_);
    return list_of(grounding, "regions");
  }

  // Where the caption begins in the sample's: that of an earlier line stands before it.
  std::size_t add_caption(const std::string& caption, std::size_t place) {
    caption_ = caption;
    std::optional<std::string>& all = collector_.sample(place).caption;
    if (all && *all == caption) return 0;
    if (all) *all += ". ";
    const std::size_t offset = all ? all->size() : 0;
    all = all.value_or("") + caption;
    return offset;
  }

  // What is no Item costs a box, not the line.
  template <class Item, class Read>
  void read_item(const json& object, std::size_t place, Read&& read) {
    try {
      read(read_config<Item>(object, where_));
    } catch (const std::invalid_argument& error) {
      collector_.report().leave_out_object(DatasetFault::malformed_box, key_of(place), error.what());
    }
  }

  void read_instance(const OdvgInstance& instance, std::size_t place) {
    std::string name = instance.category.is_string() ? instance.category.get<std::string>() : "";
    if (const auto label = read_label(instance.label); label && !labels_.empty()) {
      if (*label >= labels_.size())
        return collector_.report().leave_out_object(DatasetFault::unknown_class, key_of(place),
                                                    fmt::format("{}: label {} of {}", where_, *label, labels_.size()));
      name = labels_[*label];
    }
    if (name.empty())
      return collector_.report().leave_out_object(DatasetFault::unknown_class, key_of(place),
                                                  fmt::format("{}: neither category nor a mapped label", where_));
    const int index = phrases_.add(name);
    add_target(instance.bbox,
               {.box = {}, .phrase = phrases_.phrases()[static_cast<std::size_t>(index)], .class_index = index, .spans = {}},
               place);
  }

  void read_region(const OdvgRegion& region, std::size_t offset, std::size_t place) {
    DetectionTarget target;
    std::vector<std::string> parts;
    for (const json& part : region.phrase.is_array() ? region.phrase : json::array({region.phrase}))
      if (part.is_string()) parts.push_back(part.get<std::string>());
    for (const std::string& part : parts) target.phrase += (target.phrase.empty() ? "" : " ") + part;
    if (!region.tokens_positive.is_null()) {
      auto spans = read_spans(region.tokens_positive, caption_);
      if (!spans)
        return collector_.report().leave_out_object(DatasetFault::phrase_not_found, key_of(place),
                                                    fmt::format("{}: tokens_positive do not lie in the caption", where_));
      target.spans = std::move(*spans);
    } else {
      for (const std::string& part : parts)
        if (const auto span = find_phrase(caption_, part)) target.spans.push_back(*span);
    }
    if (target.phrase.empty() || target.spans.empty())
      return collector_.report().leave_out_object(DatasetFault::phrase_not_found, key_of(place),
                                                  fmt::format("{}: the caption does not hold \"{}\"", where_, target.phrase));
    for (TextSpan& span : target.spans) span = {span.begin + offset, span.end + offset};
    const bool several = region.bbox.is_array() && !region.bbox.empty() && region.bbox.front().is_array();
    for (const json& bbox : several ? region.bbox : json::array({region.bbox})) add_target(bbox, target, place);
  }

  void add_target(const json& bbox, DetectionTarget target, std::size_t place) {
    const auto numbers = four_numbers(bbox);
    if (!numbers)
      return collector_.report().leave_out_object(
          DatasetFault::malformed_box, key_of(place),
          fmt::format("{}: expected bbox [x0, y0, x1, y1], got {}", where_, dump_json(bbox).substr(0, 80)));
    if (boxes_.emplace(place, target.phrase, *numbers).second) collector_.add_box(place, std::move(target), *numbers);
  }

  std::string key_of(std::size_t place) { return collector_.sample(place).key; }

  std::string file_;
  PictureFinder finder_;
  PhraseSet phrases_;
  DetectionCollector collector_;
  std::vector<std::string> labels_;
  std::string where_;    // "train.jsonl:17"
  std::string caption_;  // of the line
  std::unordered_map<std::string, std::size_t> place_of_key_;
  std::set<std::tuple<std::size_t, std::string, std::array<double, 4>>> boxes_;  // lines of one picture repeat them
};

}  // namespace

std::unique_ptr<DetectionDataset> open_odvg(const fs::path& path, std::string_view split, const DetectionDatasetOptions& options) {
  fs::path file = path;
  if (fs::is_directory(path)) {
    check(!split.empty(), "{}: a folder of JSON lines needs a split", path.string());
    file = path_inside(path, std::string(split) + ".jsonl");
  }
  return OdvgReader(file, options).finish();
}

}  // namespace omma
