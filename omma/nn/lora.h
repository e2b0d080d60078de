// Low-rank adaptation (Hu et al. 2021, arXiv:2106.09685) of a model's linear layers: W x + scale B A x, where W stays as it is and
// only A and B learn. Scale, starting values and names are those of PEFT's LoRA; its files are in peft.h.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

// Names are chosen by patterns of dotted components that are compared from the end, as PEFT's lists are; `*` stands for any one
// component: "qkv" is every layer of that name, "vision_encoder.layers.*.attn.qkv" those of the encoder, "*" all.
struct LoraConfig {
  int64_t rank = 8;
  double alpha = 8;                               // scale = alpha / rank
  double dropout = 0;                             // of the adapters' input
  std::vector<std::string> targets = {};          // linear layers that get an adapter
  std::vector<std::string> modules_to_save = {};  // parts that learn beside the adapters, with all their weights
  bool use_rslora = false;                        // scale = alpha / sqrt(rank) (Kalajdzievski 2023)

  template <class Fields>
  void fields(Fields& field) {
    field("rank", rank, Range{1, 65536});
    field("alpha", alpha, Range{0, 1e6});
    field("dropout", dropout, Range{0, 1});
    field("targets", targets);
    field("modules_to_save", modules_to_save);
    field("use_rslora", use_rslora);
  }
  void validate(Faults& faults) const;
  double scale() const;
};

// Whether `pattern` chooses the layer or module `name`.
bool chooses(std::string_view pattern, std::string_view name);

// Gives every linear layer (nn/linear.h) that `targets` choose an adapter, its parameters `lora_A.weight` [rank, in], random, and
// `lora_B.weight` [out, rank], zero; they and `modules_to_save` are all of `module` that requires gradients from then on. A layer
// of several names has one adapter. Returns the layers' names. Throws std::invalid_argument for a config out of range; for a
// pattern that chooses nothing, with what there is; and for layers that cannot take it, with their names: those whose weights are
// folded (LinearImpl::is_folded) with dropout, those of 8-bit numbers, those whose weight is tied to another's, those in
// `modules_to_save`, those that have one.
std::vector<std::string> add_lora(torch::nn::Module& module, const LoraConfig& config);

// The adapted layers of a module by name, those of several names under each.
struct AdaptedLayer {
  std::string name;
  Tensor a, b;
};
std::vector<AdaptedLayer> adapted_layers(const torch::nn::Module& module);

// The modules that `modules_to_save` choose, none of them inside another.
std::vector<std::string> whole_modules(const torch::nn::Module& module, const std::vector<std::string>& patterns);

// What a checkpoint holds of a module: its parameters and its buffers by name. Adapters are in the weights of their layers.
std::vector<std::pair<std::string, Tensor>> merged_weights(const torch::nn::Module& module);

}  // namespace omma
