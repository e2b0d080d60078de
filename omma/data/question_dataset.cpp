#include "omma/data/question_dataset.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/data/question_readers.h"

namespace omma {

std::unique_ptr<QuestionDataset> open_question_dataset(std::string_view spec, std::string_view split,
                                                       const QuestionDatasetOptions& options) {
  const std::size_t colon = std::min(spec.size(), spec.find(':'));
  const std::string_view kind = spec.substr(0, colon), path = spec.substr(std::min(spec.size(), colon + 1));
  if (kind == "world") return open_world_questions(path, split, options);
  check(kind == "jsonl" || kind == "vqa", "data: expected world, jsonl or vqa before the colon, got \"{}\"", spec);
  check(std::filesystem::exists(path), "data: {} does not exist", path);
  return kind == "jsonl" ? open_jsonl_questions(path, split, options) : open_vqa(path, split, options);
}

}  // namespace omma
