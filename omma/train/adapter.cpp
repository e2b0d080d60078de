#include "omma/train/adapter.h"

#include "omma/base/log.h"
#include "omma/nn/peft.h"

namespace omma {
namespace {

int64_t numel_of(const std::vector<Tensor>& parameters, bool learning_only) {
  int64_t count = 0;
  for (const Tensor& parameter : parameters)
    if (parameter.requires_grad() || !learning_only) count += parameter.numel();
  return count;
}

}  // namespace

bool is_kept_apart(const std::optional<AdapterConfig>& lora) { return lora && lora->save == "adapter"; }

void AdapterConfig::validate(Faults& faults) const {
  LoraConfig::validate(faults);
  faults.expect(save == "merged" || save == "adapter", "save: expected \"merged\" or \"adapter\", got \"{}\"", save);
}

void start_from(torch::nn::Module& module, const std::vector<std::string>& initial_weights,
                const std::optional<AdapterConfig>& lora, const FitWeight& fit) {
  if (is_kept_apart(lora)) {
    check(!lora->base.empty(), "lora: base: an adapter that is kept apart needs the model that it is for, got none");
    check(initial_weights.size() <= 1, "initial_weights: an adapter that is kept apart is for one model, got {}",
          initial_weights.size());
  }
  for (const std::string& from : initial_weights) {
    const InitialWeights start = load_matching_weights(module, from, is_kept_apart(lora) ? FitWeight() : fit);
    check(!is_kept_apart(lora) || start.copied == start.wanted,
          "{}: an adapter that is kept apart needs all weights from there, got {} of {}", from, start.copied, start.wanted);
  }
  if (!lora) return;
  const std::size_t layers = add_lora(module, *lora).size();
  const std::vector<Tensor> parameters = module.parameters();
  log_info("lora: rank {} on {} layers; {} of {} parameters learn", lora->rank, layers, numel_of(parameters, true),
           numel_of(parameters, false));
}

void save_trained_model(const std::filesystem::path& directory, const torch::nn::Module& module, const ModelFiles& files,
                        torch::Dtype dtype, const std::optional<AdapterConfig>& lora) {
  if (is_kept_apart(lora)) return save_adapter(directory, module, *lora, lora->base);
  save_model_directory(directory, module, files, dtype);
}

}  // namespace omma
