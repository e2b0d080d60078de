// Contrast of two sets of embeddings with soft targets, and hard negatives drawn from their similarities (ALBEF, Li et al. 2021;
// BLIP). B rows, K candidates.
#pragma once

#include "omma/nn/torch.h"

namespace omma {

// alpha softmax(logits) + (1 - alpha) positives / (positives of the row): logits [B, K] of a momentum model, positives [B, K] 0 or
// 1 with at least one a row.
torch::Tensor soft_targets(const torch::Tensor& logits, const torch::Tensor& positives, double alpha);

// Mean over rows of -sum targets log softmax(logits), both [B, K].
torch::Tensor soft_cross_entropy(const torch::Tensor& logits, const torch::Tensor& targets);

// For each row of weights [B, K] >= 0 a column, drawn in proportion by one number of uniform [B] in [0, 1). A row of zeros draws
// evenly. int64 [B].
torch::Tensor draw_columns(const torch::Tensor& weights, const torch::Tensor& uniform);

}  // namespace omma
