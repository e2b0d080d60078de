// BLIP-2 and InstructBLIP as captioners and answerers.
#pragma once

#include <vector>

#include "omma/models/blip2/speaker.h"
#include "omma/tasks/answerer.h"
#include "omma/tasks/captioner.h"

namespace omma {

// All pictures of a call go through the model together. Where neither the caller nor the checkpoint says: the authors' beams of 5
// and 30 tokens; InstructBLIP's prompt is then one of those it was taught with. Not thread-safe.
class Blip2Captioner : public Captioner {
 public:
  explicit Blip2Captioner(Blip2LanguageCheckpoint checkpoint) : speaker_(std::move(checkpoint)) {}
  std::vector<CaptionResult> caption(std::span<const Image> images, const CaptionOptions& options = {}) override;

 private:
  Blip2Speaker speaker_;
};

// A question about one picture. BLIP-2 reads it as published, "Question: ... Answer:" (T5: "Short answer:") unless it begins with
// "Question:", and answers in up to 10 tokens with beams of 5 and length penalty -1; InstructBLIP reads it as it is, and answers
// in up to 256 with beams of 5 and repetition penalty 1.5, unless the caller says otherwise. Of a closed list the likeliest answer.
// Not thread-safe.
class Blip2Answerer : public Answerer {
 public:
  explicit Blip2Answerer(Blip2LanguageCheckpoint checkpoint) : speaker_(std::move(checkpoint)) {}
  std::vector<AnswerResult> answer(std::span<const VisualQuestion> questions, const AnswerOptions& options = {}) override;

 private:
  std::string prompt_of(const std::string& question) const;

  Blip2Speaker speaker_;
};

}  // namespace omma
