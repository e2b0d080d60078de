// What a batch of pictures and prompts should give.
//
// B samples, M boxes of all samples, P phrases of the longest prompt, T text tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::grounding_dino {

// On the CPU. A box may fit several phrases of its prompt: it then owns the tokens of them all.
struct Targets {
  Tensor boxes;                        // [M, 4] float32, CXCYWH in 0..1, sample after sample
  Tensor tokens;                       // [M, T] float32, 1 at the tokens of the box's phrases, else 0
  std::vector<int64_t> counts;         // [B] boxes of each sample, M in all
  Tensor phrase_tokens;                // [B, P, T] float32, 1 at the tokens of each phrase; rows past a sample's phrases are 0
  std::vector<int64_t> phrase_counts;  // [B]

  int64_t samples() const { return static_cast<int64_t>(counts.size()); }
  int64_t size() const { return boxes.size(0); }
};

}  // namespace omma::grounding_dino
