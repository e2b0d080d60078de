#include "omma/nn/generation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "omma/nn/generation_config.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using torch::Tensor;

// After token t the next logits favour t + 1, then t + 2; token 9 ends.
class Counter : public AutoregressiveDecoder {
 public:
  Tensor start() override { return logits({0}); }
  Tensor step(const Tensor& tokens) override {
    ++steps;
    std::vector<int64_t> rows(tokens.data_ptr<int64_t>(), tokens.data_ptr<int64_t>() + tokens.size(0));
    return logits(rows);
  }
  void reorder(const Tensor&) override {}
  int steps = 0;

 protected:
  static Tensor logits(const std::vector<int64_t>& last) {
    const Tensor result = torch::zeros({static_cast<int64_t>(last.size()), 10});
    for (size_t row = 0; row < last.size(); ++row) {
      result[static_cast<int64_t>(row)][std::min<int64_t>(9, last[row] + 1)] = 3.0;
      result[static_cast<int64_t>(row)][std::min<int64_t>(9, last[row] + 2)] = 2.0;
    }
    return result;
  }
};

GenerationSettings counting() {
  GenerationSettings settings;
  settings.max_tokens = 20;
  settings.eos = {9};
  return settings;
}

using Tokens = std::vector<int64_t>;

// The decoder's one prompt, continued.
GeneratedTokens generate_one(AutoregressiveDecoder& decoder, const GenerationSettings& settings, TokenCallback callback = nullptr) {
  const GenerationPrompt prompt{.callback = std::move(callback)};
  return generate(decoder, std::span(&prompt, 1), settings).front();
}

TEST(Generation, GreedyEndsAtTheEndToken) {
  Counter counter;
  const GeneratedTokens result = generate_one(counter, counting());
  EXPECT_EQ(result.tokens, (Tokens{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_TRUE(result.ended);
  EXPECT_LT(result.score, 0);
}

TEST(Generation, LengthsAreKept) {
  Counter counter;
  GenerationSettings settings = counting();
  settings.max_tokens = 3;
  EXPECT_EQ(generate_one(counter, settings).tokens, (Tokens{1, 2, 3}));
  EXPECT_EQ(counter.steps, 2);  // nothing is computed after the last token
  settings.max_tokens = 12;
  settings.min_tokens = 11;
  const GeneratedTokens result = generate_one(counter, settings);
  EXPECT_GE(result.tokens.size(), 11U);
}

TEST(Generation, CallbackCancels) {
  Counter counter;
  const GeneratedTokens result = generate_one(counter, counting(), [](int64_t token) { return token < 3; });
  EXPECT_EQ(result.tokens, (Tokens{1, 2, 3}));
  EXPECT_TRUE(result.cancelled);
}

TEST(Generation, OneBeamIsGreedy) {
  Counter one, two;
  GenerationSettings settings = counting();
  settings.beams = 2;
  settings.length_penalty = 0;
  EXPECT_EQ(generate_one(one, settings).ended, generate_one(two, counting()).ended);
}

// Rows of unlike lengths: each goes on as it would alone.
class Counters : public Counter {
 public:
  explicit Counters(Tokens first) : first_(std::move(first)) {}
  Tensor start() override { return logits(first_); }

 private:
  Tokens first_;
};

TEST(Generation, SeveralPromptsGoOnAsTheyWouldAlone) {
  for (const int64_t beams : {1, 3}) {
    GenerationSettings settings = counting();
    settings.beams = beams;
    const Tokens first = {0, 5, 2, 8};
    Counters together(first);
    const std::vector<GenerationPrompt> prompts(first.size());
    const auto results = generate(together, prompts, settings);
    ASSERT_EQ(results.size(), first.size());
    for (size_t i = 0; i < first.size(); ++i) {
      Counters alone({first[i]});
      const GeneratedTokens expected = generate_one(alone, settings);
      EXPECT_EQ(results[i].tokens, expected.tokens) << beams;
      EXPECT_NEAR(results[i].score, expected.score, 1e-6) << beams;
    }
  }
}

TEST(Generation, SeedsRepeat) {
  GenerationSettings settings = counting();
  settings.sample = true;
  settings.temperature = 2;
  const auto sample = [&](uint64_t seed) {
    Counter counter;
    settings.seed = seed;
    return generate_one(counter, settings).tokens;
  };
  EXPECT_EQ(sample(1), sample(1));
  int different = 0;
  for (uint64_t seed = 2; seed < 12; ++seed) different += sample(seed) != sample(1) ? 1 : 0;
  EXPECT_GT(different, 5);
}

TEST(Generation, SamplingFollowsTheDistribution) {
  // Top 2 of the counter's first logits: 3 and 2, so shares e / (1 + e) and 1 / (1 + e).
  GenerationSettings settings = counting();
  settings.sample = true;
  settings.top_k = 2;
  settings.max_tokens = 1;
  int first = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Counter counter;
    settings.seed = seed;
    const Tokens tokens = generate_one(counter, settings).tokens;
    ASSERT_TRUE(tokens[0] == 1 || tokens[0] == 2);
    first += tokens[0] == 1 ? 1 : 0;
  }
  EXPECT_NEAR(first / 2000.0, 0.731, 0.04);
}

TEST(Generation, TopKAndTopP) {
  const Tensor logits = torch::tensor({0.F, 3.F, 1.F, 2.F});
  const auto kept = [](const Tensor& x) {
    Tokens places;
    for (int64_t i = 0; i < x.size(0); ++i)
      if (std::isfinite(x[i].item<float>())) places.push_back(i);
    return places;
  };
  EXPECT_EQ(kept(restrict_choice(logits, 2, 1)), (Tokens{1, 3}));
  EXPECT_EQ(kept(restrict_choice(logits, 0, 1)), (Tokens{0, 1, 2, 3}));
  EXPECT_EQ(kept(restrict_choice(logits, 0, 0.7)), (Tokens{1, 3}));  // .644 alone is too little
  EXPECT_EQ(kept(restrict_choice(logits, 0, 1e-9)), (Tokens{1}));
  EXPECT_EQ(kept(restrict_choice(logits, 100, 1)), (Tokens{0, 1, 2, 3}));
}

TEST(Generation, RepetitionPenaltyWorksOnBothSigns) {
  const Tensor scores = torch::tensor({{2.F, -2.F, 1.F}});
  const Tensor penalised = penalise_repetition(scores, torch::tensor({{0, 1, 0}}, torch::kLong), 2);
  EXPECT_TRUE(penalised.equal(torch::tensor({{1.F, -4.F, 1.F}})));
}

TEST(Generation, SettingsOutOfRangeAreNamed) {
  const auto fault = [](auto&& change) {
    GenerationSettings settings;
    change(settings);
    return testing::invalid_argument_of([&] { settings.validate(); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  EXPECT_NE(fault([&](auto& s) { s.temperature = nan; }).find("temperature"), std::string::npos);
  EXPECT_NE(fault([&](auto& s) { s.temperature = infinity; }).find("temperature"), std::string::npos);
  EXPECT_NE(fault([&](auto& s) { s.temperature = -1; }).find("temperature"), std::string::npos);
  EXPECT_NE(fault([&](auto& s) { s.top_p = 0; }).find("top_p"), std::string::npos);
  EXPECT_NE(fault([&](auto& s) { s.top_p = 2; }).find("top_p"), std::string::npos);
  EXPECT_NE(fault([&](auto& s) { s.top_k = -1; }).find("top_k"), std::string::npos);
  EXPECT_NE(fault([&](auto& s) { s.max_tokens = 0; }).find("max_tokens"), std::string::npos);
  EXPECT_NE(fault([&](auto& s) { s.min_tokens = 999; }).find("min_tokens"), std::string::npos);
  EXPECT_NE(fault([&](auto& s) { s.beams = 0; }).find("beams"), std::string::npos);
  EXPECT_NE(fault([&](auto& s) { s.repetition_penalty = nan; }).find("repetition_penalty"), std::string::npos);
  EXPECT_EQ(fault([](auto&) {}), "");
}

TEST(Generation, TextsKeepToTheContext) {
  GenerationSettings settings;
  settings.max_tokens = 20;
  settings.min_tokens = 8;
  const GenerationSettings ample = within_context(settings, 12, 32), cut = within_context(settings, 27, 32);
  EXPECT_EQ(ample.max_tokens, 20);
  EXPECT_EQ(ample.min_tokens, 8);
  EXPECT_EQ(cut.max_tokens, 5);
  EXPECT_EQ(cut.min_tokens, 5);
  EXPECT_EQ(within_context(settings, 31, 32).max_tokens, 1);
  EXPECT_EQ(testing::invalid_argument_of([&] { within_context(settings, 32, 32); }),
            "prompt: expected fewer than 32 tokens (max_position_embeddings), got 32");
  settings.max_tokens = 0;
  EXPECT_NE(testing::invalid_argument_of([&] { within_context(settings, 12, 32); }).find("max_tokens: expected at least 1"),
            std::string::npos);
}

TEST(GenerationConfig, EndTokensAndDefaults) {
  const auto read = [](const char* text) { return read_config<GenerationConfig>(json::parse(text), "generation_config.json"); };
  EXPECT_EQ(read(R"({"eos_token_id": 2})").end_tokens(), (Tokens{2}));
  EXPECT_EQ(read(R"({"eos_token_id": [2, 7]})").end_tokens(), (Tokens{2, 7}));
  EXPECT_TRUE(read(R"({"eos_token_id": null})").end_tokens().empty());
  for (const char* bad : {R"({"eos_token_id": -1})", R"({"eos_token_id": "2"})", R"({"eos_token_id": [2, null]})",
                          R"({"eos_token_id": 1e12})", R"({"stop_strings": [""]})", R"({"stop_strings": 2})",
                          R"({"agent_format": "loud"})", R"({"do_sample": true, "temperature": 0})"})
    EXPECT_THROW(read(bad), std::invalid_argument) << bad;
  GenerationOptions options;
  options.max_tokens = 5;
  const GenerationSettings settings = settings_of(read(R"({"max_new_tokens": 9, "num_beams": 3, "top_p": 0.5})"), options, 100);
  EXPECT_EQ(settings.max_tokens, 5);
  EXPECT_EQ(settings.beams, 3);
  options.stop = {"a"};
  EXPECT_EQ(stops_of(read("{}"), options), (std::vector<std::string>{"a"}));
  EXPECT_EQ(stops_of(read(R"({"stop_strings": "###"})"), options), (std::vector<std::string>{"a", "###"}));
  EXPECT_EQ(stops_of(read(R"({"stop_strings": ["b", "c"]})"), options), (std::vector<std::string>{"a", "b", "c"}));
}

}  // namespace
}  // namespace omma
