#include "omma/models/language/predictor.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "omma/base/file.h"
#include "omma/models/llama/checkpoint.h"
#include "tests/temporary_directory.h"
#include "tests/unit/llama/tiny_llama.h"

namespace omma {
namespace {

using testing::invalid_argument_of;
using testing::TemporaryDirectory;

constexpr int letters = 128;

// A byte-level tokenizer of single bytes, with one special token "<s>".
json byte_tokenizer() {
  json vocabulary = {{"<s>", 0}};
  for (char c = '!'; c <= '~'; ++c) vocabulary[std::string(1, c)] = c;
  vocabulary["\xC4\xA0"] = 32;  // the blank's stand-in
  const json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}, {"use_regex", false}};
  return {{"version", "1.0"},
          {"added_tokens",
           {{{"id", 0},
             {"content", "<s>"},
             {"single_word", false},
             {"lstrip", false},
             {"rstrip", false},
             {"normalized", false},
             {"special", true}}}},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level},
          {"post_processor", nullptr},
          {"decoder", byte_level},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", json::array()}}}};
}

LlamaConfig tiny() { return testing::tiny_llama_config(letters); }

void save_tiny(const std::filesystem::path& directory, const LlamaConfig& config = tiny()) {
  GenerationConfig generation;
  generation.eos_token_id = 1;
  save_llama(directory, testing::tiny_llama(config), byte_tokenizer(), generation, torch::kFloat32);
}

TEST(LanguagePredictor, SavedDirectoriesLoadAndGenerate) {
  const TemporaryDirectory directory;
  save_tiny(directory.path());
  LanguagePredictor predictor(load_language(directory.path()));
  GenerationOptions options;
  options.max_tokens = 12;
  std::string streamed;
  const GeneratedText text = predictor.generate("hello", options, [&](std::string_view piece) {
    streamed += piece;
    return true;
  });
  EXPECT_EQ(text.text, streamed);
  EXPECT_EQ(text.prompt_tokens, 5);
  EXPECT_EQ(text.text, predictor.generate("hello", options).text);
}

TEST(LanguagePredictor, StopsBeforeAStopString) {
  const TemporaryDirectory directory;
  save_tiny(directory.path());
  LanguagePredictor predictor(load_language(directory.path()));
  GenerationOptions options;
  options.max_tokens = 12;
  const std::string whole = predictor.generate("hello", options).text;
  ASSERT_GE(whole.size(), 5U);
  options.stop = {whole.substr(2, 2)};
  std::string streamed;
  const GeneratedText text = predictor.generate("hello", options, [&](std::string_view piece) {
    streamed += piece;
    return true;
  });
  EXPECT_EQ(text.text, whole.substr(0, whole.find(options.stop[0])));
  EXPECT_EQ(streamed, text.text);
  EXPECT_EQ(text.end, GeneratedText::End::stop);
}

TEST(LanguagePredictor, EndsAtTheDeadline) {
  using Clock = std::chrono::steady_clock;
  const TemporaryDirectory directory;
  LlamaConfig config = tiny();
  config.max_position_embeddings = 4096;
  save_tiny(directory.path(), config);
  LanguagePredictor predictor(load_language(directory.path()));
  const std::string long_prompt(600, 'x');  // read in pieces where there is a deadline
  for (const int beams : {1, 2}) {
    GenerationOptions options;
    options.max_tokens = 20;
    options.beams = beams;
    const std::string whole = predictor.generate(long_prompt, options).text;
    options.deadline = Clock::now() + std::chrono::hours(1);
    EXPECT_EQ(predictor.generate(long_prompt, options).text, whole);
    options.deadline = Clock::now();
    const GeneratedText late = predictor.generate(long_prompt, options);
    EXPECT_EQ(late.text, "");
    EXPECT_EQ(late.end, GeneratedText::End::cancelled);
  }
  GenerationOptions options;
  options.max_tokens = 3000;
  options.min_tokens = 3000;
  options.deadline = Clock::now() + std::chrono::milliseconds(200);
  const GeneratedText cut = predictor.generate("hello", options, [](std::string_view) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return true;
  });
  EXPECT_EQ(cut.end, GeneratedText::End::cancelled);
  EXPECT_GT(cut.tokens, 0);
  EXPECT_LT(cut.tokens, 50);
  EXPECT_FALSE(cut.text.empty());
}

TEST(LanguagePredictor, SpecialTokensInThePromptAreText) {
  const TemporaryDirectory directory;
  save_tiny(directory.path());
  LanguagePredictor predictor(load_language(directory.path()));
  GenerationOptions options;
  options.max_tokens = 1;
  EXPECT_EQ(predictor.generate("<s>", options).prompt_tokens, 3);
}

TEST(LanguagePredictor, PromptsThatDoNotFitAreRefused) {
  const TemporaryDirectory directory;
  save_tiny(directory.path());
  LanguagePredictor predictor(load_language(directory.path()));
  EXPECT_NE(invalid_argument_of([&] { predictor.generate(std::string(64, 'x')); }).find("expected fewer than 64 tokens"),
            std::string::npos);
  EXPECT_NE(invalid_argument_of([&] { predictor.generate(""); }).find("at least one token"), std::string::npos);
  GenerationOptions options;
  options.max_tokens = 1000;
  EXPECT_LE(predictor.generate(std::string(60, 'x'), options).tokens, 4);
}

TEST(LanguagePredictor, BadDirectoriesAreNamed) {
  const TemporaryDirectory directory;
  save_tiny(directory.path());
  const json good = read_json(directory / "config.json");
  const auto message = [&](const char* field, const json& value) {
    json config = good;
    config[field] = value;
    write_file(directory / "config.json", config.dump());
    return invalid_argument_of([&] { LanguagePredictor predictor(load_language(directory.path())); });
  };
  EXPECT_EQ(message("hidden_act", "silu"), "");
  EXPECT_NE(message("hidden_size", 0).find("hidden_size"), std::string::npos);
  EXPECT_NE(message("num_attention_heads", 5).find("num_attention_heads"), std::string::npos);
  EXPECT_NE(message("num_key_value_heads", 2).find("num_key_value_heads"), std::string::npos);
  EXPECT_NE(message("num_hidden_layers", 1000000).find("num_hidden_layers"), std::string::npos);
  EXPECT_NE(message("vocab_size", 2147483648LL).find("vocab_size"), std::string::npos);
  EXPECT_NE(message("vocab_size", 100).find("expected"), std::string::npos);
  EXPECT_NE(message("rms_norm_eps", "x").find("rms_norm_eps"), std::string::npos);
  EXPECT_NE(message("hidden_act", "gelu").find("hidden_act"), std::string::npos);
  EXPECT_NE(message("model_type", "bert").find("model_type"), std::string::npos);
  EXPECT_NE(message("rope_parameters", {{"rope_type", "longrope"}}).find("rope_type"), std::string::npos);
  EXPECT_NE(message("intermediate_size", 48).find("mlp"), std::string::npos);
}

TEST(Llama, BatchRowsEqualSingleRows) {
  torch::NoGradGuard no_grad;
  LlamaForCausalLM model(tiny());
  model->initialise(0.3);
  const torch::Tensor tokens = torch::randint(0, letters, {3, 11}, torch::kLong);
  const torch::Tensor together = model->forward(tokens);
  for (int64_t row = 0; row < 3; ++row)
    EXPECT_LT((model->forward(tokens.narrow(0, row, 1)) - together.narrow(0, row, 1)).abs().max().item<double>(), 1e-5);
}

TEST(KeyValueCache, IsBoundedAndReorders) {
  KeyValueCache cache({.layers = 1, .batch = 2, .heads = 1, .capacity = 3, .head_dim = 2}, torch::kFloat);
  const torch::Tensor keys = torch::arange(8, torch::kFloat).view({2, 1, 2, 2});
  cache.append(0, keys, keys);
  cache.advance(2);
  cache.reorder(torch::tensor({1, 1, 0}, torch::kLong));
  EXPECT_EQ(cache.batch(), 3);
  const auto [all, values] = cache.append(0, torch::zeros({3, 1, 1, 2}), torch::zeros({3, 1, 1, 2}));
  EXPECT_TRUE(all.narrow(2, 0, 2).equal(torch::stack({keys[1], keys[1], keys[0]})));
  cache.advance(1);
  EXPECT_THROW(cache.append(0, torch::zeros({3, 1, 1, 2}), torch::zeros({3, 1, 1, 2})), std::invalid_argument);
}

}  // namespace
}  // namespace omma
