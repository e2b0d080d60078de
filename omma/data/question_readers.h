// The readers of question data. Not part of the interface: see question_dataset.h.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "omma/data/question_dataset.h"

namespace omma {

std::unique_ptr<QuestionDataset> open_world_questions(std::string_view settings, std::string_view split,
                                                      const QuestionDatasetOptions& options);
std::unique_ptr<QuestionDataset> open_jsonl_questions(const std::filesystem::path& path, std::string_view split,
                                                      const QuestionDatasetOptions& options);
std::unique_ptr<QuestionDataset> open_vqa(const std::filesystem::path& path, std::string_view split,
                                          const QuestionDatasetOptions& options);

}  // namespace omma
