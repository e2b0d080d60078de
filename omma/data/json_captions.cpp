// Captions in JSON: COCO's captions file (https://cocodataset.org/#format-data) and BLIP's list of {"image", "caption"}.
#include <unordered_map>

#include "omma/base/error.h"
#include "omma/data/caption_readers.h"
#include "omma/data/label_files.h"
#include "omma/data/picture_finder.h"
#include "omma/data/text_records.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_json_bytes = std::size_t{4} << 30;

struct CocoPicture {
  json id;
  std::string file_name;
  template <class Fields>
  void fields(Fields& field) {
    field("id", id);
    field("file_name", file_name);
  }
  void validate(Faults& faults) const {
    faults.expect(!id_of(id).empty(), "expected an id, a whole number or a text, got {}", dump_json(id));
    faults.expect(!file_name.empty(), "file_name is missing or empty");
  }
};

struct CocoCaption {
  json image_id;
  json caption;
  template <class Fields>
  void fields(Fields& field) {
    field("image_id", image_id);
    field("caption", caption);
  }
  void validate(Faults& faults) const {
    faults.expect(!id_of(image_id).empty(), "expected an image_id, a whole number or a text, got {}", dump_json(image_id));
  }
};

struct BlipRecord {
  std::string image;
  json caption;
  json wrong;
  template <class Fields>
  void fields(Fields& field) {
    field("image", image);
    field("caption", caption);
    field("wrong", wrong);
  }
  void validate(Faults& faults) const { faults.expect(!image.empty(), "image is missing or empty"); }
};

// Pictures in the order in which they come, each with its captions.
class CaptionCollector {
 public:
  explicit CaptionCollector(const LabelFiles& files) : finder_(files.picture_folders()) {}

  DatasetReport& report() { return report_; }

  // The picture's sample; stays where it is until finish().
  std::size_t find_or_add(const std::string& file_name) {
    if (const auto known = record_of_file_.find(file_name); known != record_of_file_.end()) return known->second;
    fs::path image = finder_.find(file_name);  // g++ 12 frees a half-built aggregate twice when this throws within it
    records_.push_back({.sample = {.key = file_name, .captions = {}}, .image = std::move(image)});
    has_text_.push_back(false);
    return record_of_file_[file_name] = records_.size() - 1;
  }

  void add_caption(std::size_t record, const json& caption) {
    CaptionSample& sample = records_[record].sample;
    has_text_[record] = true;
    read_texts(caption, sample.key, sample.captions, report_);
  }

  void add_wrong(std::size_t record, const json& texts) {
    CaptionSample& sample = records_[record].sample;
    if (!texts.is_null()) read_texts(texts, sample.key, sample.wrong, report_);
  }

  // `listed` records were in the file, faulty or not.
  std::unique_ptr<CaptionDataset> finish(std::size_t listed, const fs::path& file, const CaptionDatasetOptions& options) {
    for (std::size_t i = 0; i < records_.size(); ++i)
      if (!has_text_[i]) report_.add(DatasetFault::missing_pair, records_[i].sample.key, "a picture without a caption");
    std::erase_if(records_, [](const CaptionFiles::Record& record) { return record.sample.captions.empty(); });
    report_.count_records(listed, report_.total());
    check_faults(report_, records_.size(), "sample", options.max_fault_share, file.string());
    return std::make_unique<CaptionFiles>(std::move(records_), std::move(report_), options.image_limits);
  }

 private:
  PictureFinder finder_;
  std::vector<CaptionFiles::Record> records_;
  std::unordered_map<std::string, std::size_t> record_of_file_;
  std::vector<bool> has_text_;  // of a record, be it faulty
  DatasetReport report_;
};

}  // namespace

std::unique_ptr<CaptionDataset> open_coco_captions(const fs::path& path, std::string_view split,
                                                   const CaptionDatasetOptions& options) {
  const LabelFiles files = find_coco_files(path, split, "captions.json", "captions", options.images);
  const std::string file = files.labels.string();
  const json document = read_label_json(files.labels, {.bytes = max_json_bytes});
  const json &pictures = list_in(document, "images", file), &annotations = list_in(document, "annotations", file);
  CaptionCollector captions(files);
  DatasetReport& report = captions.report();
  std::unordered_map<std::string, std::size_t> record_of_picture;
  read_records<CocoPicture>(pictures, "images", report, [&](const CocoPicture& picture, const std::string& where) {
    const std::string id = id_of(picture.id);
    if (record_of_picture.contains(id))
      return report.add(DatasetFault::duplicate_id, where, fmt::format("a second image has the id {}", id));
    record_of_picture[id] = captions.find_or_add(picture.file_name);
  });
  read_records<CocoCaption>(annotations, "annotations", report, [&](const CocoCaption& annotation, const std::string& where) {
    const auto record = record_of_picture.find(id_of(annotation.image_id));
    if (record == record_of_picture.end())
      return report.add(DatasetFault::unknown_picture, where, fmt::format("no image has the id {}", id_of(annotation.image_id)));
    captions.add_caption(record->second, annotation.caption);
  });
  return captions.finish(pictures.size() + annotations.size(), files.labels, options);
}

std::unique_ptr<CaptionDataset> open_blip_captions(const fs::path& file, const CaptionDatasetOptions& options) {
  const json list = read_label_json(file, {.bytes = max_json_bytes});
  check(list.is_array(), "{}: expected a list of {{\"image\", \"caption\"}}, got {}", file.string(), list.type_name());
  CaptionCollector captions(LabelFiles{file, picture_folder(file, options.images)});
  read_records<BlipRecord>(list, "", captions.report(), [&](const BlipRecord& record, const std::string&) {
    const std::size_t place = captions.find_or_add(record.image);
    captions.add_caption(place, record.caption);
    captions.add_wrong(place, record.wrong);
  });
  return captions.finish(list.size(), file, options);
}

}  // namespace omma
