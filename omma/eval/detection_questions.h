// What a detector is asked in an evaluation: pictures, prompts and the right answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/detection_dataset.h"
#include "omma/data/world/split.h"

namespace omma {

struct DetectionQuestion {
  Image image;
  std::vector<DetectionTarget> targets;
  std::vector<std::string> phrases;
  std::vector<std::vector<int>> truths_of;  // of each phrase: the places of the targets that it fits; empty: absent
};

struct DetectionQuestions {
  std::size_t count = 0;
  std::function<std::optional<DetectionQuestion>(std::size_t index)> question;  // nothing where the picture cannot be read
  std::function<DetectionQuestion(std::size_t index)> labels;                   // the same without its picture, which is not read
  std::vector<std::string> classes;  // where every prompt is this list; empty where each picture has its own
  std::function<DatasetReport()> report = [] { return DatasetReport(); };  // of the data, what was left out among it
};

struct PromptOptions {
  int phrases = 0;  // of a prompt: what is there first, then what is not, half of it alike (a word in common) where the phrases
                    // allow; 0: all of the data set
  std::uint64_t seed = 1;
};

// Every picture is asked for all phrases of the data set, or for some; of an open set, for its own. Of pictures that cannot be read
// `max_fault_share` of the data set may be left out.
DetectionQuestions questions_of(std::shared_ptr<const DetectionDataset> dataset, const PromptOptions& prompt = {},
                                double max_fault_share = .05);

struct WorldQuestionOptions {
  Split split = Split::val;
  std::uint64_t seed = 1;
  std::size_t count = 500;
  int size = 128;      // pixels a side
  bool pairs = false;  // "red dog" rather than "dog"
  int phrases = 6;     // of a prompt: what is there first, then what is not, half of it one attribute away in a pair prompt
};

// Scenes of the world, each with its own shuffled prompt. Absent pairs are never of those held out.
DetectionQuestions world_questions(const WorldQuestionOptions& options);

}  // namespace omma
