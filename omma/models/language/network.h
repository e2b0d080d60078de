// Language models by the type that a config.json names: "llama" and "mistral", "opt", "t5".
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>

#include "omma/base/json.h"
#include "omma/nn/language_network.h"
#include "omma/nn/llama.h"
#include "omma/nn/opt.h"
#include "omma/nn/t5.h"
#include "omma/nn/torch.h"
#include "omma/nn/weights.h"

namespace omma {

struct LanguageOptions {
  torch::Device device = torch::kCPU;
  std::optional<torch::Dtype> dtype;  // default: fp32, but the checkpoint's own type from a billion parameters on
};

using LanguageConfig = std::variant<LlamaConfig, OptConfig, T5Config>;

// Of a whole config.json or a part of one. Throws std::invalid_argument, for another type naming those above.
LanguageConfig read_language_config(const json& object, std::string_view where);
json write_language_config(const LanguageConfig& config);

// A network as the module it is, to be registered, loaded and saved, and as what it does.
struct LanguageModule {
  std::shared_ptr<torch::nn::Module> module;
  LanguageNetwork* network = nullptr;  // within `module`
};
LanguageModule make_language_module(const LanguageConfig& config);

// transformers' names of its weights to the module's, each behind `prefix` ("language_model."): what old files hold twice or beside
// the weights.
KeyTable language_keys(const LanguageConfig& config, std::string_view prefix = "");

}  // namespace omma
