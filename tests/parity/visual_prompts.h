// What a language model makes of recorded prompts in which pictures and clips have places: shared by LLaVA's tests and its
// relatives'.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/nn/generation_config.h"
#include "omma/nn/language_network.h"
#include "tests/parity/reference.h"

namespace omma::testing {

struct VisualPrompt {
  std::vector<int64_t> ids;  // with a place for each token of what is seen
  Tensor embeddings;         // [1, T, C]
};

// `idsI`, `embeddingsI` and `logitsI` of prompt I.
inline void expect_logits(const std::map<std::string, Tensor>& expected, std::size_t index, LlamaForCausalLM& language,
                          const VisualPrompt& prompt, double tolerance) {
  const std::string number = std::to_string(index);
  EXPECT_TRUE(expected.at("ids" + number)[0].equal(torch::tensor(prompt.ids, torch::kLong))) << "prompt " << number;
  expect_close("embeddings" + number, expected.at("embeddings" + number), prompt.embeddings.to(torch::kFloat32), tolerance);
  const Tensor hidden = language->model(CausalInput{.embeddings = prompt.embeddings, .padding = {}});
  expect_close("logits" + number, expected.at("logits" + number), language->logits(hidden).to(torch::kFloat32), tolerance);
}

// `batch_logits` of prompts of different length, padded on the left.
inline void expect_batch_logits(const std::map<std::string, Tensor>& expected, LlamaForCausalLM& language,
                                const std::vector<VisualPrompt>& prompts, double tolerance) {
  int64_t longest = 0;
  for (const VisualPrompt& prompt : prompts) longest = std::max(longest, prompt.embeddings.size(1));
  std::vector<int64_t> padding;
  std::vector<Tensor> rows;
  for (const VisualPrompt& prompt : prompts) {
    padding.push_back(longest - prompt.embeddings.size(1));
    rows.push_back(torch::constant_pad_nd(prompt.embeddings, {0, 0, padding.back(), 0}));
  }
  const Tensor hidden =
      language->model(CausalInput{.embeddings = torch::cat(rows), .padding = torch::tensor(padding, torch::kLong)});
  expect_close("batch_logits", expected.at("batch_logits"), language->logits(hidden.select(1, -1)).to(torch::kFloat32), tolerance);
}

// The tokens of a recorded prompt's runs, each with its options.
inline void expect_runs(const json& record, LlamaForCausalLM& language, const GenerationConfig& generation,
                        const VisualPrompt& prompt) {
  for (const json& run : record["runs"]) {
    const json& options = run["options"];
    GenerationOptions asked;
    asked.max_tokens = options["max_new_tokens"].get<int>();
    asked.beams = options.value("num_beams", 1);
    asked.repetition_penalty = options.value("repetition_penalty", 1.0);
    const GenerationSettings settings = settings_of(generation, asked, 20);
    CausalDecoder decoder(*language, {prompt.embeddings}, settings.max_tokens);
    const GenerationPrompt beginning{.tokens = prompt.ids};
    const std::vector<int64_t> tokens = generate(decoder, std::span(&beginning, 1), settings).front().tokens;
    std::vector<int64_t> wanted = run["tokens"].get<std::vector<int64_t>>();
    wanted.erase(std::ranges::find(wanted, 2), wanted.end());  // the end and the padding behind it
    EXPECT_EQ(tokens, wanted) << record["text"] << " " << options;
  }
}

}  // namespace omma::testing
