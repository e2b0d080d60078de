// A captioner and an answerer that are told what to say, as KnownObjectDetector is told what to find. The pictures are not looked
// at.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "omma/tasks/answerer.h"
#include "omma/tasks/captioner.h"

namespace omma {

class KnownCaptioner : public Captioner {
 public:
  explicit KnownCaptioner(std::string caption) : caption_(std::move(caption)) {}

  std::vector<CaptionResult> caption(std::span<const Image> images, const CaptionOptions& = {}) override {
    return std::vector<CaptionResult>(images.size(), {.captions = {{.text = caption_}}});
  }

 private:
  std::string caption_;
};

// Knows the answer to each of some questions, which must be asked letter by letter; to others it says "unknown".
class KnownAnswerer : public Answerer {
 public:
  explicit KnownAnswerer(std::map<std::string, std::string> answers) : answers_(std::move(answers)) {}

  std::vector<AnswerResult> answer(std::span<const VisualQuestion> questions, const AnswerOptions& = {}) override {
    std::vector<AnswerResult> results;
    for (const VisualQuestion& question : questions) {
      const auto known = answers_.find(question.text);
      results.push_back({.answer = known == answers_.end() ? "unknown" : known->second});
    }
    return results;
  }

 private:
  std::map<std::string, std::string> answers_;  // by question
};

}  // namespace omma
