// Questions in JSON: lines {"image", "question", "answer", "type"}, and VQAv2 (https://visualqa.org/download.html).
#include <algorithm>
#include <map>
#include <unordered_map>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/folder.h"
#include "omma/data/picture_finder.h"
#include "omma/data/question_readers.h"
#include "omma/data/text_records.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

using QuestionFiles = FileDataset<QuestionDataset, QuestionSample>;

struct QuestionLine {
  std::string image;
  json question;
  json answer;
  std::string type;
  std::optional<std::int64_t> question_id;
  template <class Fields>
  void fields(Fields& field) {
    field("image", image);
    field("question", question);
    field(FieldNames{"answer", "answers"}, answer);
    field("type", type);
    field("question_id", question_id, id_range);
  }
  void validate(Faults& faults) const { faults.expect(!image.empty(), "image is missing or empty"); }
};

struct VqaQuestion {
  std::int64_t question_id = no_id;
  std::int64_t image_id = no_id;
  json question;
  template <class Fields>
  void fields(Fields& field) {
    field("question_id", question_id, id_range);
    field("image_id", image_id, id_range);
    field("question", question);
  }
  void validate(Faults& faults) const {
    faults.expect(question_id != no_id && image_id != no_id, "question_id or image_id is missing");
  }
};

struct VqaAnnotation {
  std::int64_t question_id = no_id;
  std::string answer_type;
  json answers;  // [{"answer": "yes"}, ...]
  template <class Fields>
  void fields(Fields& field) {
    field("question_id", question_id, id_range);
    field("answer_type", answer_type);
    field("answers", answers);
  }
  void validate(Faults& faults) const { faults.expect(question_id != no_id, "question_id is missing"); }
};

// Samples whose texts are sound, those of one picture together.
class QuestionCollector {
 public:
  DatasetReport& report() { return report_; }

  void add(QuestionSample sample, const json& question, const json& answers, fs::path image) {
    const auto text = read_text(question, sample.key, report_);
    read_texts(answers, sample.key, sample.answers, report_);
    if (!text || sample.answers.empty()) return;
    sample.question = *text;
    const std::size_t picture = place_of_picture_.try_emplace(image, place_of_picture_.size()).first->second;
    records_.push_back({.picture = picture, .record = {.sample = std::move(sample), .image = std::move(image)}});
  }

  // `listed` records were in the file, faulty or not.
  std::unique_ptr<QuestionDataset> finish(std::size_t listed, const fs::path& file, const QuestionDatasetOptions& options) {
    report_.count_records(listed, report_.total());
    check_faults(report_, records_.size(), "sample", options.max_fault_share, file.string());
    std::ranges::stable_sort(records_, {}, &PlacedRecord::picture);
    std::vector<QuestionFiles::Record> records;
    for (PlacedRecord& placed : records_) records.push_back(std::move(placed.record));
    return std::make_unique<QuestionFiles>(std::move(records), std::move(report_), options.image_limits);
  }

 private:
  struct PlacedRecord {
    std::size_t picture;  // in the order in which pictures come
    QuestionFiles::Record record;
  };
  std::vector<PlacedRecord> records_;
  std::map<fs::path, std::size_t> place_of_picture_;
  DatasetReport report_;
};

// ["yes", ...] of [{"answer": "yes"}, ...]; what is not so stays, to be told.
json texts_of(json answers) {
  if (answers.is_array())
    for (json& answer : answers)
      if (answer.is_object() && answer.contains("answer")) answer = json(answer["answer"]);
  return answers;
}

struct VqaFiles {
  fs::path questions;
  fs::path annotations;
};

// The one v2_*_SPLIT*_WHAT.json of the folder.
fs::path find_vqa_file(const fs::path& folder, std::string_view split, std::string_view what) {
  const std::string part = fmt::format("_{}", split), ending = fmt::format("_{}.json", what);
  std::vector<fs::path> found;
  for (const fs::path& file : files_in(folder)) {
    const std::string name = file.filename().string();
    if (name.starts_with("v2_") && name.ends_with(ending) && name.find(part) != std::string::npos) found.push_back(file);
  }
  check(found.size() == 1, "{}: expected questions.json and annotations.json, or one v2_*{}*{}, found {} of these", folder.string(),
        part, ending, found.size());
  return found.front();
}

VqaFiles find_vqa_files(const fs::path& path, std::string_view split) {
  check(fs::is_directory(path), "{}: expected a folder of VQAv2's questions and annotations", path.string());
  for (const fs::path& folder : {path_inside(path, split.empty() ? "." : split), path})
    if (fs::exists(folder / "questions.json")) return {folder / "questions.json", folder / "annotations.json"};
  return {find_vqa_file(path, split, "questions"), find_vqa_file(path, split, "annotations")};
}

// Pictures of COCO's years until 2014 have their subtype in their names.
std::string picture_name(std::string_view subtype, std::int64_t image_id) {
  if (subtype.empty() || subtype.ends_with("2017")) return fmt::format("{:012}.jpg", image_id);
  return fmt::format("COCO_{}_{:012}.jpg", subtype, image_id);
}

fs::path find_picture_folder(const fs::path& folder, std::string_view subtype, const fs::path& given_images) {
  if (!given_images.empty()) return given_images;
  for (const fs::path& images : {folder, folder / "images"})
    if (!subtype.empty() && fs::is_directory(path_inside(images, subtype))) return images / subtype;
  return fs::is_directory(folder / "images") ? folder / "images" : folder;
}

}  // namespace

std::unique_ptr<QuestionDataset> open_jsonl_questions(const fs::path& path, std::string_view split,
                                                      const QuestionDatasetOptions& options) {
  fs::path file = path;
  if (fs::is_directory(path)) {
    file = path_inside(path, split.empty() ? "." : split) / "questions.jsonl";
    if (!fs::exists(file)) file = path / "questions.jsonl";
  }
  const fs::path images = !options.images.empty() ? options.images : file.has_parent_path() ? file.parent_path() : fs::path(".");
  QuestionCollector questions;
  PictureFinder finder({images});
  std::unordered_map<std::string, int> questions_of_picture;
  const std::size_t listed = read_json_lines(file, questions.report(), [&](const json& object, const std::string& where) {
    const auto line = read_config<QuestionLine>(object, where);
    const int place = questions_of_picture[line.image]++;
    const std::string key = line.question_id ? std::to_string(*line.question_id) : fmt::format("{}#{}", line.image, place);
    questions.add({.key = key, .question = {}, .answers = {}, .type = line.type}, line.question, line.answer,
                  finder.find(line.image));
  });
  return questions.finish(listed, file, options);
}

std::unique_ptr<QuestionDataset> open_vqa(const fs::path& path, std::string_view split, const QuestionDatasetOptions& options) {
  const VqaFiles files = find_vqa_files(path, split);
  const JsonLimits limits{.bytes = std::size_t{4} << 30, .skip_keys = {"answer_confidence", "answer_id"}};
  const json annotations_document = read_label_json(files.annotations, limits),
             questions_document = read_label_json(files.questions, limits);
  const json& annotations = list_in(annotations_document, "annotations", files.annotations.string());
  const json& listed = list_in(questions_document, "questions", files.questions.string());
  const json subtype_field = questions_document.value("data_subtype", json(""));
  const std::string subtype = subtype_field.is_string() ? subtype_field.get<std::string>() : "";
  const fs::path images = find_picture_folder(files.questions.parent_path(), subtype, options.images);

  QuestionCollector questions;
  DatasetReport& report = questions.report();
  std::unordered_map<std::int64_t, VqaAnnotation> annotation_of_question;
  read_records<VqaAnnotation>(annotations, "annotations", report, [&](VqaAnnotation annotation, const std::string& where) {
    if (!annotation_of_question.try_emplace(annotation.question_id, annotation).second)
      report.add(DatasetFault::duplicate_id, where, fmt::format("a second annotation of question {}", annotation.question_id));
  });
  read_records<VqaQuestion>(listed, "questions", report, [&](const VqaQuestion& question, const std::string& where) {
    const auto annotation = annotation_of_question.extract(question.question_id);
    if (annotation.empty())
      return report.add(DatasetFault::missing_pair, where,
                        fmt::format("question {} has no annotation, or stood before", question.question_id));
    questions.add(
        {.key = std::to_string(question.question_id), .question = {}, .answers = {}, .type = annotation.mapped().answer_type},
        question.question, texts_of(annotation.mapped().answers), images / picture_name(subtype, question.image_id));
  });
  return questions.finish(listed.size() + annotations.size(), files.questions, options);
}

}  // namespace omma
