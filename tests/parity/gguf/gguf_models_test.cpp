// LLaMA models in GGUF files of every type against transformers' loader (tools/parity/gguf_models.py).
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/models/gguf/checkpoint.h"
#include "omma/models/registry.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

class GgufModelParity : public ::testing::TestWithParam<std::string> {
 protected:
  Tensor logits_of(const GgufOptions& options) {
    const c10::InferenceMode inference;
    return load_gguf(checkpoint_, options)(expected_.at("ids")).to(torch::kFloat32);
  }
  // The same token by token, each of which passes the kernels of few rows.
  Tensor stepped_logits(const GgufOptions& options) {
    const c10::InferenceMode inference;
    LlamaForCausalLM model = load_gguf(checkpoint_, options);
    const Tensor ids = expected_.at("ids");
    KeyValueCache cache = model->make_cache(1, ids.size(1));
    std::vector<Tensor> steps;
    for (int64_t i = 0; i < ids.size(1); ++i) steps.push_back(model(ids.narrow(1, i, 1), &cache));
    return torch::cat(steps, 1).to(torch::kFloat32);
  }

  std::filesystem::path directory_ = testing::parity_directory("gguf_models") / GetParam();
  std::map<std::string, Tensor> expected_ = testing::read_expected(directory_ / "reference.safetensors");
  GgufCheckpoint checkpoint_ = open_gguf(find_gguf(directory_).value());
};

TEST_P(GgufModelParity, LogitsInFp32) {
  const Tensor expected = expected_.at("logits");
  testing::expect_close("in blocks", expected, logits_of({.dtype = torch::kFloat32}), 1e-4);
  testing::expect_close("by steps", expected, stepped_logits({.dtype = torch::kFloat32}), 1e-4);
  testing::expect_close("dense", expected, logits_of({.dtype = torch::kFloat32, .is_dense = true}), 1e-4);
}

// Inputs as bytes and bf16 blocks: near, no more. A wrong scale or order of rows is off by about the spread.
TEST_P(GgufModelParity, TheFastPathIsNear) {
  const Tensor expected = expected_.at("logits");
  const double spread = expected.std().item<double>();
  for (const Tensor& got : {logits_of({}), stepped_logits({})})
    EXPECT_LT((got - expected).abs().mean().item<double>(), 0.03 * spread);
}

TEST_P(GgufModelParity, ADirectoryOfItIsTheSame) {
  if (!checkpoint_.config.rope.divisors.empty()) GTEST_SKIP() << "no config.json tells it";
  const testing::TemporaryDirectory scratch;
  convert_model(find_gguf(directory_).value(), scratch / "made");
  const c10::InferenceMode inference;
  const LanguageCheckpoint made = load_language(scratch / "made", {.dtype = torch::kFloat32});
  auto* network = dynamic_cast<LlamaForCausalLMImpl*>(made.language.network);
  testing::expect_close("converted", expected_.at("logits"), network->forward(expected_.at("ids")), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Cases, GgufModelParity,
                         ::testing::Values("q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_nl",
                                           "mixed", "linear", "yarn", "llama3", "odd_rope", "bias"),
                         [](const ::testing::TestParamInfo<std::string>& type) { return type.param; });

TEST(GgufModel, Llama3IsRecognised) {
  const GgufCheckpoint checkpoint = open_gguf(testing::parity_directory("gguf_models") / "llama3" / "model.gguf");
  EXPECT_EQ(checkpoint.config.rope.type, "llama3");
  EXPECT_EQ(checkpoint.config.rope.factor, 8);
}

TEST(GgufModel, TransformersLoadsWhatIsConverted) {
  const testing::TemporaryDirectory scratch;
  std::vector<std::filesystem::path> pairs;
  for (const char* name : {"q4_0", "q4_1", "mixed", "yarn", "llama3", "bias"}) {
    const auto recorded = testing::parity_directory("gguf_models") / name;
    convert_model(find_gguf(recorded).value(), scratch / name);
    pairs.insert(pairs.end(), {scratch / name, recorded});
  }
  EXPECT_TRUE(testing::compares_equal("check_gguf_models.py", pairs));
}

}  // namespace
}  // namespace omma
