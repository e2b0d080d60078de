// A batch as the model takes it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "omma/models/grounding_dino/targets.h"
#include "omma/models/grounding_dino/training_samples.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"
#include "omma/text/tokenizer.h"

namespace omma {

// "[CLS] phrase . phrase . [SEP]" and where each phrase lies: tokens [begin, end).
struct PromptTokens {
  std::vector<int64_t> ids;
  std::vector<std::pair<int64_t, int64_t>> phrases;
};
PromptTokens tokenize_prompt(const Tokenizer& tokenizer, std::span<const std::string> phrases);

struct TrainingBatch {
  Tensor pixels;          // [B, 3, H, W] float32, normalised
  Tensor pixel_mask;      // [B, H, W] bool, true = picture; undefined where all pictures have one size
  Tensor input_ids;       // [B, T] int64
  Tensor attention_mask;  // [B, T] bool
  GroundingTargets targets;
};

// Thread-safe. Throws std::invalid_argument where a prompt has more than `most_tokens` tokens.
TrainingBatch make_batch(const std::vector<TrainingSample>& samples, const Tokenizer& tokenizer, int64_t most_tokens);

}  // namespace omma
