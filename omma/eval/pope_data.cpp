// Where POPE's questions come from: labelled pictures, or the authors' files.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/data/label_files.h"
#include "omma/data/picture_finder.h"
#include "omma/data/text_records.h"
#include "omma/eval/pope.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

// The questions about each picture together, in the pictures' order.
std::vector<PopeQuestion> by_picture(std::vector<PopeQuestion> questions) {
  std::ranges::stable_sort(questions, {}, &PopeQuestion::picture);
  return questions;
}

class LabelledPope : public PopeData {
 public:
  LabelledPope(std::unique_ptr<DetectionDataset> data, const PopeDataOptions& options, std::string place)
      : data_(std::move(data)), size_(options.count == 0 ? data_->size() : std::min(options.count, data_->size())) {
    check(!data_->phrases().empty(), "pope: expected data with a closed set of classes");
    PicturedClasses shown(size_);
    for (std::size_t picture = 0; picture < size_; ++picture) {
      std::set<int> classes;
      for (const DetectionTarget& target : data_->sample(picture).targets) classes.insert(target.class_index);
      shown[picture].assign(classes.begin(), classes.end());
    }
    for (const PopeSetting setting : pope_settings) {
      auto more = pope_questions(shown, data_->phrases(), setting, {.seed = options.seed, .place = place});
      questions_.insert(questions_.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    }
    questions_ = by_picture(std::move(questions_));
  }

  const std::vector<PopeQuestion>& questions() const override { return questions_; }
  std::size_t size() const override { return size_; }
  Image image(std::size_t picture) const override { return data_->image(picture); }
  bool has_image(std::size_t picture) const override { return data_->has_image(picture); }
  std::string key(std::size_t picture) const override { return data_->sample(picture).key; }
  const DatasetReport& report() const override { return data_->report(); }

 private:
  std::unique_ptr<DetectionDataset> data_;
  std::size_t size_;
  std::vector<PopeQuestion> questions_;
};

struct PopeLine {
  json question_id;
  std::string image, text, label;
  template <class Fields>
  void fields(Fields& field) {
    field("question_id", question_id);
    field("image", image);
    field("text", text);
    field("label", label);
  }
  void validate(Faults& faults) const {
    faults.expect(!image.empty(), "image is missing or empty");
    faults.expect(!text.empty(), "text is missing or empty");
    faults.expect(label == "yes" || label == "no", "label: expected yes or no, got \"{}\"", label.substr(0, 80));
  }
};

class PopeFile : public PopeData {
 public:
  PopeFile(const fs::path& file, const PopeDataOptions& options)
      : finder_(LabelFiles{file, picture_folder(file, options.images)}.picture_folders()) {
    std::string setting = "file";
    for (const PopeSetting each : pope_settings)
      if (file.filename().string().find(name_of(each)) != std::string::npos) setting = name_of(each);
    const std::size_t lines = read_json_lines(file, report_, [&](const json& object, const std::string& where) {
      add(read_config<PopeLine>(object, where), setting, where);
    });
    report_.count_records(lines, report_.total());
    if (options.count > 0) std::erase_if(questions_, [&](const PopeQuestion& each) { return each.picture >= options.count; });
    check_faults(report_, questions_.size(), "question", options.max_fault_share, file.string());
    questions_ = by_picture(std::move(questions_));
  }

  const std::vector<PopeQuestion>& questions() const override { return questions_; }
  std::size_t size() const override { return pictures_.size(); }
  Image image(std::size_t picture) const override { return read_image(pictures_.at(picture)); }
  bool has_image(std::size_t picture) const override { return fs::exists(pictures_.at(picture)); }
  std::string key(std::size_t picture) const override { return pictures_.at(picture).filename().string(); }
  const DatasetReport& report() const override { return report_; }

 private:
  void add(const PopeLine& line, const std::string& setting, const std::string& where) {
    fs::path file = finder_.find(line.image);
    const auto [known, is_new] = picture_of_file_.try_emplace(file.string(), pictures_.size());
    if (is_new) pictures_.push_back(std::move(file));
    const std::string id = id_of(line.question_id);
    questions_.push_back({.id = id.empty() ? where : id,
                          .setting = setting,
                          .picture = known->second,
                          .text = line.text,
                          .yes = line.label == "yes"});
  }

  PictureFinder finder_;
  std::vector<fs::path> pictures_;
  std::unordered_map<std::string, std::size_t> picture_of_file_;
  std::vector<PopeQuestion> questions_;
  DatasetReport report_;
};

}  // namespace

std::unique_ptr<PopeData> open_pope_data(std::string_view spec, std::string_view split, const PopeDataOptions& options) {
  constexpr std::string_view file = "pope:";
  if (spec.starts_with(file)) {
    const fs::path path = spec.substr(file.size());
    check(fs::exists(path), "data: {} does not exist", path.string());
    return std::make_unique<PopeFile>(path, options);
  }
  auto data = open_detection_dataset(spec, split, {.images = options.images, .max_fault_share = options.max_fault_share});
  // The world's answerers know its questions, which say "picture".
  return std::make_unique<LabelledPope>(std::move(data), options, spec.starts_with("world") ? "in the picture" : "in the image");
}

}  // namespace omma
