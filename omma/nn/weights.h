// Strict loading of a checkpoint into a module, and saving it back.
#pragma once

#include <c10/core/impl/LocalDispatchKeySet.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "omma/io/tensor_file.h"
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

// Fills every parameter of `module`, converting floating types. Two keys may lead to one parameter if their bytes are the same
// (tied weights). All missing, unexpected, misshapen and contradictory keys are told in one std::invalid_argument that begins with
// `where`; the module is left untouched then.
void load_weights(torch::nn::Module& module, const TensorFile& file, const KeyTable& table, std::string_view where);

// While one is alive, the tensors that this thread makes have a shape and no memory (LibTorch's meta device).
class ShapesOnly {
 public:
  ShapesOnly();

 private:
  c10::impl::ExcludeDispatchKeyGuard no_choice_of_backend_;
  c10::impl::IncludeDispatchKeyGuard meta_;
};

// Throws what load_weights would for a Model(config), and takes no memory for it: a config.json far larger than its weights is
// refused by tensor, not allocated first.
void check_weights(const torch::nn::Module& module, const TensorFile& file, const KeyTable& table, std::string_view where);
template <class Model, class Config>
void check_weights(const Config& config, const TensorFile& file, const KeyTable& table, std::string_view where) {
  const ShapesOnly shapes_only;
  check_weights(*Model(config), file, table, where);
}

// Writes every parameter under its own name, floating ones as `dtype`.
void save_weights(const std::filesystem::path& file, const torch::nn::Module& module, torch::Dtype dtype = torch::kFloat32);

}  // namespace omma
