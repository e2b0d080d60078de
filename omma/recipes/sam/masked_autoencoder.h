// Pre-training the encoder on pictures alone, as the paper's starts: the task "sam-mae". He et al. 2021, "Masked Autoencoders Are
// Scalable Vision Learners": the encoder sees a quarter of the patches, a light decoder draws the others.
//
// B pictures, N patches, K of them seen, C channels.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/models/sam/sam.h"
#include "omma/nn/tensor.h"
#include "omma/nn/vit.h"
#include "omma/recipes/sam/data.h"
#include "omma/train/recipe.h"
#include "omma/train/training_task.h"

namespace omma::sam {

struct PatchDecoderConfig {
  int64_t hidden_size = 64;
  int64_t layers = 2;
  int64_t heads = 4;

  template <class Fields>
  void fields(Fields& field) {
    field("hidden_size", hidden_size, Range{1, 16384});
    field("layers", layers, Range{1, 64});
    field("heads", heads, Range{1, 256});
  }
  void validate(Faults& faults) const {
    faults.expect(hidden_size % heads == 0, "hidden_size: expected a multiple of the {} heads, got {}", heads, hidden_size);
  }
};

struct MaskedAutoencoderConfig : DataConfig {
  json model = json::object();  // config.json of the model whose encoder learns
  std::vector<std::string> initial_weights;
  int64_t batch_size = 16;
  double masked = 0.75;  // share of patches that the encoder does not see
  PatchDecoderConfig decoder;

  template <class Fields>
  void fields(Fields& field) {
    DataConfig::fields(field);
    field("model", model);
    field("initial_weights", initial_weights);
    field("batch_size", batch_size, Range{1, 4096});
    field("masked", masked, Range{0.01, 0.99});
    field("decoder", decoder);
  }
};

// Pictures [B, 3, S, S] as patches of p x p: [B, N, 3 p p], row by row.
Tensor to_patches(const Tensor& pixels, int64_t patch);

// What is to be drawn: patches [B, N, D], each brought to mean 0 and variance 1, as the paper found best.
Tensor normalised_patches(const Tensor& patches);

// The encoder of a whole model, and what draws the patches that it did not see. Relative positions, neck, prompts and masks take no
// part and do not learn.
class MaskedAutoencoderImpl : public torch::nn::Module {
 public:
  MaskedAutoencoderImpl(const Config& model, const PatchDecoderConfig& decoder);

  // The patches as drawn, [B, N, 3 p p]; `seen` [B, K] int64: places.
  Tensor forward(const Tensor& pixels, const Tensor& seen);

  Model model = nullptr;

 private:
  Tensor mask_token_, positions_;  // [1, 1, D], [1, N, D]
  Linear embed_, draw_;
  torch::nn::LayerNorm norm_in_, norm_out_;
  std::vector<VitBlock> blocks_;
};
TORCH_MODULE(MaskedAutoencoder);

// Saves a whole model directory, of which only the encoder has learned, for `initial_weights`. Validates by the error on the masked
// patches of held-out pictures, {"reconstruction"}: 1 is no better than each patch's mean.
std::unique_ptr<TrainingTask> make_masked_autoencoder_training(const TrainerConfig& trainer, const MaskedAutoencoderConfig& config);

}  // namespace omma::sam
