// A batch as the model takes it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "omma/models/phrase_prompt.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"
#include "omma/recipes/grounding_dino/samples.h"
#include "omma/recipes/grounding_dino/targets.h"
#include "omma/text/tokenizer.h"

namespace omma::grounding_dino {

struct TrainingBatch {
  Tensor pixels;          // [B, 3, H, W] float32, normalised
  Tensor pixel_mask;      // [B, H, W] bool, true = picture; undefined where all pictures have one size
  Tensor input_ids;       // [B, T] int64
  Tensor attention_mask;  // [B, T] bool
  Targets targets;
};

// Thread-safe. Throws std::invalid_argument where a prompt has more than `max_tokens` tokens.
TrainingBatch make_batch(const std::vector<TrainingSample>& samples, const Tokenizer& tokenizer, int64_t max_tokens);

}  // namespace omma::grounding_dino
