// LLaMA against transformers (tools/parity/llama.py): logits, cached decoding, token sequences of greedy and beam search.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "omma/base/json.h"
#include "omma/models/llama/checkpoint.h"
#include "omma/nn/language_network.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {
namespace {

std::filesystem::path references() {
  const char* given = std::getenv("OMMA_PARITY_DIR");
  return (given == nullptr ? std::filesystem::path("build/parity") : std::filesystem::path(given)) / "llama";
}

struct Reference {
  explicit Reference(const std::string& name)
      : network(load_llama(references() / name)), tensors(read_safetensors(references() / (name + ".safetensors"))) {}
  Tensor tensor(const char* name) const { return to_tensor(*tensors.find(name)); }
  LlamaForCausalLM model() { return network; }

  LlamaForCausalLM network;
  TensorFile tensors;
};

double difference(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

class LlamaParity : public ::testing::TestWithParam<const char*> {
 protected:
  torch::NoGradGuard no_grad_;
};

TEST_P(LlamaParity, LogitsOfAWholePass) {
  Reference reference(GetParam());
  EXPECT_LT(difference(reference.model()->forward(reference.tensor("tokens")), reference.tensor("logits")), 1e-4);
}

TEST_P(LlamaParity, LogitsOfPaddedRows) {
  Reference reference(GetParam());
  auto model = reference.model();
  const Tensor tokens = reference.tensor("tokens"), padding = reference.tensor("padding");
  const Tensor hidden =
      model->model(CausalInput{.embeddings = model->model->embed_tokens(tokens), .padding = padding, .cache = nullptr});
  const Tensor real = torch::arange(tokens.size(1)) >= padding.unsqueeze(1);  // [B, T]
  EXPECT_LT(difference(model->logits(hidden).index({real}), reference.tensor("padded_logits").index({real})), 1e-4);
}

TEST_P(LlamaParity, CachedDecodingEqualsAWholePass) {
  if (std::string(GetParam()) == "dynamic") GTEST_SKIP() << "its frequencies depend on the length when a key is computed";
  Reference reference(GetParam());
  auto model = reference.model();
  const Tensor tokens = reference.tensor("tokens");
  KeyValueCache cache = model->make_cache(tokens.size(0), tokens.size(1));
  std::vector<Tensor> logits = {model->forward(tokens.narrow(1, 0, 5), &cache), model->forward(tokens.narrow(1, 5, 3), &cache)};
  for (int64_t t = 8; t < tokens.size(1); ++t) logits.push_back(model->forward(tokens.narrow(1, t, 1), &cache));
  EXPECT_LT(difference(torch::cat(logits, 1), model->forward(tokens)), 1e-4);
}

TEST_P(LlamaParity, TokensOfGreedyAndBeamSearch) {
  Reference reference(GetParam());
  const json recorded = read_json(references() / GetParam() / "reference.json");
  const auto prompt = recorded["prompt"].get<std::vector<int64_t>>();
  ASSERT_FALSE(recorded["generations"].empty());
  for (const json& generation : recorded["generations"]) {
    SCOPED_TRACE(generation["options"].dump());
    const json& options = generation["options"];
    GenerationSettings settings;
    settings.max_tokens = options["max_new_tokens"];
    settings.min_tokens = options.value("min_new_tokens", 0);
    settings.beams = options.value("num_beams", 1);
    settings.repetition_penalty = options.value("repetition_penalty", 1.0);
    settings.length_penalty = options.value("length_penalty", 1.0);
    settings.early_stopping = options.value("early_stopping", false);
    settings.eos = options.value("eos_token_id", std::vector<int64_t>{1});
    CausalDecoder decoder(*reference.model(), {reference.model()->embed(prompt)}, settings.max_tokens);
    const GenerationPrompt beginning{.tokens = prompt};
    const GeneratedTokens generated = generate(decoder, std::span(&beginning, 1), settings).front();
    auto expected = generation["tokens"].get<std::vector<int64_t>>();
    const auto is_end = [&](int64_t token) {
      return std::find(settings.eos.begin(), settings.eos.end(), token) != settings.eos.end();
    };
    const bool ended = !expected.empty() && is_end(expected.back());
    if (ended) expected.pop_back();
    EXPECT_EQ(generated.tokens, expected);
    EXPECT_EQ(generated.ended, ended);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, LlamaParity,
                         ::testing::Values("plain", "grouped", "tied-biased", "odd-head", "linear", "dynamic", "llama3", "yarn",
                                           "yarn-scaled"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace omma
