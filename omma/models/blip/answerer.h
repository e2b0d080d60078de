// BLIP as an answerer of questions: an image-grounded question encoder, and an answer decoder that looks at the encoded question.
#pragma once

#include "omma/models/blip/checkpoint.h"
#include "omma/tasks/answerer.h"

namespace omma {

// A directory with a text encoder and a decoder that looks at it; a question is about one picture. Not thread-safe.
class BlipAnswerer : public Answerer {
 public:
  explicit BlipAnswerer(BlipCheckpoint checkpoint);

  // A closed list of answers is ranked as the authors do it: those with the likeliest first tokens, 128 of them, by the sum of
  // their tokens' log-probabilities under the label-smoothed loss. Lengths of generated answers without a word from the caller or
  // the checkpoint: 20 tokens.
  std::vector<AnswerResult> answer(std::span<const VisualQuestion> questions, const AnswerOptions& options = {}) override;

 private:
  // Questions of one length, which need no padding: the reference's answer decoder looks at padding too, which would make an
  // answer depend on the questions beside it.
  struct Group {
    Tensor input_ids;                 // [B, T]
    std::vector<int64_t> pictures;    // of each row
    std::vector<std::size_t> places;  // among all questions
  };
  std::vector<Group> group(std::span<const VisualQuestion> questions, const std::vector<int64_t>& picture_of) const;
  Tensor encode(const Group& group, const Tensor& features);  // [B, T, C]
  void generate_answers(const Group& group, const Tensor& states, const AnswerOptions& options, std::vector<AnswerResult>& results);
  void rank_answers(const Group& group, const Tensor& states, const AnswerOptions& options, std::vector<AnswerResult>& results);

  BlipCheckpoint checkpoint_;
};

}  // namespace omma
