// BLIP's three losses (section 3.2 of the paper): image-text contrast with momentum features, queue and soft targets; image-text
// matching with hard negatives; language modelling with label smoothing.
//
// B pairs of this process, W processes, S picture tokens, T text tokens, C channels, E channels of the contrast, Q entries of the
// queue.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "omma/base/config.h"
#include "omma/models/blip/blip.h"
#include "omma/train/batch_loader.h"
#include "omma/train/collective.h"

namespace omma {

struct BlipObjectiveConfig {
  double itc = 1, itm = 1, lm = 1;  // weights of the losses; 0 leaves one out
  double momentum = 0.995;          // of the copy whose features are the contrast's keys and soft targets
  int64_t queue = 57600;            // keys of earlier batches, a multiple of the batch
  double alpha = 0.4;               // weight of the soft targets
  int64_t alpha_steps = 0;          // over which it rises from 0
  double temperature = 0.07;        // at the start; learned within .001 to .5
  std::string negatives = "hard";   // hard: drawn by similarity; random
  double known_wrong = 0.5;         // share of the texts not to match that the data give, where they give any
  bool identity_targets = false;    // retrieval fine-tuning: all keys of one picture are positives, and never negatives

  template <class Fields>
  void fields(Fields& field) {
    field("itc", itc, Range{0, 1e3});
    field("itm", itm, Range{0, 1e3});
    field("lm", lm, Range{0, 1e3});
    field("momentum", momentum, Range{0, 1});
    field("queue", queue, Range{0, 1e7});
    field("alpha", alpha, Range{0, 1});
    field("alpha_steps", alpha_steps, Range{0, 1e9});
    field("temperature", temperature, Range{0.001, 0.5});
    field("negatives", negatives);
    field("known_wrong", known_wrong, Range{0, 1});
    field("identity_targets", identity_targets);
  }
  void validate(Faults& faults) const {
    faults.expect(negatives == "hard" || negatives == "random", "objective.negatives: expected hard or random, got \"{}\"",
                  negatives);
    faults.expect(itc > 0 || itm > 0 || lm > 0, "objective: expected a loss with a weight above 0");
  }
};

struct BlipBatch {
  Tensor pixels;             // [B, 3, H, W]
  Tensor input_ids;          // [B, T] int64, [CLS] text [SEP] padding
  Tensor mask;               // [B, T] bool; undefined: no padding
  Tensor wrong_ids;          // [B, T] likewise, of texts known not to describe the picture; undefined: the data give none
  Tensor wrong_mask;         // [B, T]; undefined as `mask` is
  Tensor has_wrong;          // [B] bool: the picture has such a text; defined as wrong_ids is
  Tensor pictures;           // [B] int64: equal for pairs of one picture
  std::uint64_t number = 0;  // of the first sample among all that training sees: what its random choices are keyed by
};

// The model with what only its training needs: the temperature, and as buffers the momentum copy and the queues.
class BlipObjectiveImpl : public torch::nn::Module {
 public:
  // With a `collective` the keys, positives and negatives are those of all ranks' batches, which then count as one: rank r's pairs
  // follow those of r - 1. Throws std::invalid_argument where the model lacks a part that a loss needs.
  BlipObjectiveImpl(Blip model, const BlipObjectiveConfig& config, std::uint64_t seed, Collective* collective = nullptr);

  // The weighted sum and its parts. Moves the momentum copy and the queue on; `step` is the ramp's.
  StepLoss forward(const BlipBatch& batch, int64_t step);

  Blip model;

 private:
  // All ranks' rows in the order of the ranks; without others the tensor itself.
  Tensor gathered(const Tensor& rows) const { return collective_ == nullptr ? rows : collective_->gather(rows); }
  BlipBatch candidate_texts(const BlipBatch& batch) const;  // all ranks' texts, then this one's known to be wrong: ids and mask
  std::vector<double> drawn(const BlipBatch& batch, std::uint64_t stream) const;  // a number in [0, 1) for each pair
  Tensor own_columns(int64_t rows) const;  // [B, W B] bool, true where a column is the row itself

  struct Keys {
    Tensor image, text;          // [B, E] of the momentum copy
    Tensor all_image, all_text;  // [B + Q, E]
    Tensor positives;            // [B, B + Q], 0 or 1
  };
  void make_momentum_copy();
  void move_momentum_copy();
  Keys keys(const BlipBatch& batch);
  void enqueue(const Keys& keys, const Tensor& pictures);  // of all ranks
  Tensor contrast(const BlipBatch& batch, const Tensor& image, const Tensor& text, double alpha);
  Tensor matching(const BlipBatch& batch, const Tensor& features, const Tensor& image, const Tensor& text);
  Tensor negatives(const Tensor& similarity, const BlipBatch& batch, const Tensor& all_pictures, std::uint64_t stream) const;

  BlipObjectiveConfig config_;
  std::uint64_t seed_;
  Collective* collective_;
  Tensor temperature_;
  Blip momentum_{nullptr};                                         // not a child: its tensors are buffers here
  std::vector<Tensor> followed_, followers_;                       // parameters of the model, and of the copy
  Tensor image_queue_, text_queue_, picture_queue_, queue_place_;  // [Q, E], [Q, E], [Q], [1]
};
TORCH_MODULE(BlipObjective);

}  // namespace omma
