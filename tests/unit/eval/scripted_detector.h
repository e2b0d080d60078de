// A detector that says what it was told to, picture by picture, and the questions that go with it.
#pragma once

#include <utility>
#include <vector>

#include "omma/eval/detection_questions.h"
#include "omma/tasks/detector.h"

namespace omma::testing {

// Answers the n-th picture it is shown, round and round, with the n-th list; like a real one it drops what is below the threshold.
class ScriptedDetector : public Detector {
 public:
  explicit ScriptedDetector(std::vector<std::vector<Detection>> script) : script_(std::move(script)) {}

  std::vector<DetectionResult> detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                      const DetectionOptions& options) override {
    std::vector<DetectionResult> results(images.size());
    for (DetectionResult& result : results) {
      for (const Detection& detection : script_[next_ % script_.size()])
        if (detection.score > options.box_threshold.value()) result.detections.push_back(detection);
      ++next_;
    }
    prompts.push_back(prompt);
    return results;
  }

  std::vector<DetectionPrompt> prompts;  // that it was asked

 private:
  std::vector<std::vector<Detection>> script_;
  std::size_t next_ = 0;
};

inline Detection found(int phrase, float score, const Box& box) {
  return {.label = "", .phrase_index = phrase, .score = score, .box = box};
}

struct Truth {
  int phrase;
  Box box;
  bool crowd = false, ignore = false;
};

// One picture with these truths, asked for these phrases.
inline DetectionQuestion asked(std::vector<std::string> phrases, const std::vector<Truth>& truths) {
  DetectionQuestion question{.image = Image(100, 100), .targets = {}, .phrases = std::move(phrases), .truths_of = {}};
  question.truths_of.resize(question.phrases.size());
  for (const Truth& truth : truths) {
    const auto phrase = static_cast<std::size_t>(truth.phrase);
    question.truths_of[phrase].push_back(static_cast<int>(question.targets.size()));
    question.targets.push_back({.box = truth.box,
                                .phrase = question.phrases[phrase],
                                .class_index = truth.phrase,
                                .crowd = truth.crowd,
                                .ignore = truth.ignore,
                                .spans = {}});
  }
  return question;
}

inline DetectionQuestions questions(const std::vector<DetectionQuestion>& all, std::vector<std::string> classes = {}) {
  const auto at = [all](std::size_t index) { return all.at(index); };
  return {.count = all.size(), .question = at, .labels = at, .classes = std::move(classes)};
}

}  // namespace omma::testing
