// How generation goes on from the logits of one prompt: internal to generate().
#pragma once

#include <memory>
#include <vector>

#include "omma/nn/generation.h"
#include "omma/nn/torch.h"

namespace omma {

// The search over the continuations of one prompt. It holds one row of the decoder at first, then as many as it has hypotheses.
class SequenceSearch {
 public:
  virtual ~SequenceSearch() = default;

  struct Continuation {
    int64_t row = 0;  // among this search's rows
    int64_t token = 0;
  };
  // From the logits [R, V] of its rows, of which it reads as many as it has hypotheses, to its next rows; none when it has ended.
  virtual std::vector<Continuation> advance(const torch::Tensor& logits) = 0;

  virtual GeneratedTokens result() const = 0;
};

// Up to settings.beams continuations a step.
std::unique_ptr<SequenceSearch> make_beam_search(const GenerationPrompt& prompt, const GenerationSettings& settings);

}  // namespace omma
