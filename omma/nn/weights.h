// Strict loading of a checkpoint into a model, and saving it back.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "omma/io/tensor_file.h"
#include "omma/nn/shapes_only.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

// A key pattern is dotted: `*` stands for one component, `**` at the end for all that are left (at least one).
// {"a.*.in_proj_weight", {"b.*.q.weight", "b.*.k.weight"}} renames and splits the tensor into equal parts along its first
// dimension.
struct KeyRule {
  std::string from;
  std::vector<std::string> to;
};

// From a checkpoint's key names to a module's. The first rule that matches a key renames it; other keys keep their name.
struct KeyTable {
  std::vector<KeyRule> rules;
  std::vector<std::string> ignored;  // patterns (of the checkpoint's names) of keys that are no weights of ours
};

// The names under which the tensor `key` is looked up in the module: one, or several where a rule splits; none where ignored.
std::vector<std::string> translate_key(std::string_view key, const KeyTable& table);

struct WeightOptions {
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;
  // Whether weights are read a few rows at a time, once for every token, on the CPU. Then those of up to a quarter of
  // available_memory() are copied into huge pages, from which a step reads a third faster than from a file's small ones; all share
  // one storage. Otherwise, and beyond, parameters that have the type already are the file's mapping: there at once, read when they
  // are used, in memory once for all processes. The file must not be written in place, then, while the model lives (deleting and
  // replacing it are safe).
  bool for_decoding = false;
};

// Gives every parameter and every registered buffer of `module` its values in `file`: a buffer is what a checkpoint holds beside
// the parameters (the running statistics of a batch norm); what a module computes from its config alone it keeps unregistered.
// Whole numbers (a step count) stay of their own type. Two keys may lead to one weight if their bytes are the same (tied weights).
// All missing, unexpected, misshapen and contradictory keys, else the tensors that hold NaN or an infinity, are told in
// one std::invalid_argument that begins with `where`; the module is left untouched then. No value may leave the range of dtype.
void load_weights(torch::nn::Module& module, const TensorFile& file, const KeyTable& table, std::string_view where,
                  const WeightOptions& options = {});

// A Model(config) with the weights of `file`, in evaluation. No weight is allocated or drawn before it is read, so a config.json
// far larger than its weights is refused by tensor.
template <class Model, class Config>
Model load_model(const Config& config, const TensorFile& file, const KeyTable& table, std::string_view where,
                 const WeightOptions& options = {}) {
  Model model = nullptr;
  {
    const ShapesOnly shapes_only;
    model = Model(config);
  }
  load_weights(*model, file, table, where, options);
  model->eval();
  return model;
}

// Memory in huge pages, where the system has them: uint8 [bytes or more].
Tensor huge_pages(int64_t bytes);

// Writes every parameter and buffer under its own name, floating ones as `dtype`, but what int8 layers (int8_linear.h) have of them
// as it is; adapters in the weights of their layers (lora.h).
void save_weights(const std::filesystem::path& file, const torch::nn::Module& module, torch::Dtype dtype = torch::kFloat32);

}  // namespace omma
