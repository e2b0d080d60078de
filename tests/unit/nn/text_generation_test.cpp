#include "omma/nn/text_generation.h"

#include <gtest/gtest.h>

#include <thread>

#include "omma/nn/language_network.h"
#include "omma/text/vocabulary.h"
#include "tests/unit/llama/tiny_llama.h"
#include "tests/unit/text/byte_tokenizer.h"

namespace omma {
namespace {

using torch::Tensor;
using End = GeneratedText::End;

constexpr int64_t end_token = 256;

// Dictates to each row a text of its own, byte by byte, and then the end token.
class Dictation : public AutoregressiveDecoder {
 public:
  explicit Dictation(std::vector<std::string> texts) : texts_(std::move(texts)) {}

  Tensor start() override { return next(); }
  Tensor step(const Tensor&) override { return next(); }
  void reorder(const Tensor& rows) override {
    std::vector<std::string> texts;
    for (int64_t i = 0; i < rows.size(0); ++i) texts.push_back(texts_[static_cast<std::size_t>(rows[i].item<int64_t>())]);
    texts_ = std::move(texts);
  }

  std::size_t passes = 0;
  std::size_t slow_pass = 0;  // lasts until the deadline
  Deadline deadline;

 private:
  Tensor next() {
    const Tensor logits = torch::zeros({std::ssize(texts_), end_token + 2});
    for (std::size_t row = 0; row < texts_.size(); ++row) {
      const std::string& text = texts_[row];
      const int64_t token = passes < text.size() ? static_cast<unsigned char>(text[passes]) : end_token;
      logits[static_cast<int64_t>(row)][token] = 20;
    }
    if (++passes == slow_pass) std::this_thread::sleep_until(*deadline);
    return logits;
  }

  std::vector<std::string> texts_;
};

Tokenizer byte_tokenizer() { return Tokenizer::from_json(testing::byte_tokenizer_json(), "test"); }

GenerationSettings settings_for(int64_t beams) {
  GenerationSettings settings;
  settings.max_tokens = 40;
  settings.eos = {end_token};
  settings.beams = beams;
  return settings;
}

GeneratedText dictated(const std::string& text, const TextPrompt& prompt, const GenerationSettings& settings) {
  Dictation decoder({text});
  return generate_texts(decoder, byte_tokenizer(), std::span(&prompt, 1), settings).front();
}

class TextGeneration : public ::testing::TestWithParam<int64_t> {
 protected:
  GenerationSettings settings_ = settings_for(GetParam());
};

TEST_P(TextGeneration, EndsByAnEndTokenOrItsLength) {
  const GeneratedText whole = dictated("a caf\u00E9", {.tokens = {7, 8}, .length = 5}, settings_);
  EXPECT_EQ(whole.text, "a caf\u00E9");
  EXPECT_EQ(whole.end, End::eos);
  EXPECT_EQ(whole.tokens, 7);
  EXPECT_EQ(whole.prompt_tokens, 5);
  EXPECT_LT(whole.score, 0);
  settings_.max_tokens = 3;
  const GeneratedText cut = dictated("a caf\u00E9", {}, settings_);
  EXPECT_EQ(cut.text, "a c");
  EXPECT_EQ(cut.end, End::length);
}

TEST_P(TextGeneration, StopsBeforeAStringThatTokensShare) {
  std::string streamed;
  const TextPrompt prompt{.stop = {"four", " three"}, .stream = [&](std::string_view piece) {
                            streamed += piece;
                            return true;
                          }};
  const GeneratedText stopped = dictated("one two then three four", prompt, settings_);
  EXPECT_EQ(stopped.text, "one two then");
  EXPECT_EQ(streamed, stopped.text);  // "th" was held back until it was clear, and never a byte of the stop string told
  EXPECT_EQ(stopped.end, End::stop);
  EXPECT_EQ(stopped.tokens, 18);
  const GeneratedText almost = dictated("one thre", {.stop = {" three"}}, settings_);
  EXPECT_EQ(almost.text, "one thre");
  EXPECT_EQ(almost.end, End::eos);
  EXPECT_THROW(dictated("one", {.stop = {""}}, settings_), std::invalid_argument);
}

TEST_P(TextGeneration, AStreamCancels) {
  std::string streamed;
  const TextPrompt prompt{.stream = [&](std::string_view piece) {
    streamed += piece;
    return piece != "t";
  }};
  const GeneratedText cut = dictated("one two", prompt, settings_);
  EXPECT_EQ(cut.text, "one t");
  EXPECT_EQ(streamed, "one t");
  EXPECT_EQ(cut.end, End::cancelled);
}

TEST_P(TextGeneration, PromptsOfABatchEndEachInItsOwnWay) {
  const std::vector<std::string> texts = {"red", "a red dog", "a red cat", "a red hat"};
  std::vector<TextPrompt> prompts(4);
  prompts[1].stop = {" dog"};
  prompts[2].stream = [](std::string_view piece) { return piece != "r"; };
  prompts[3].stop = {"dog"};
  Dictation together(texts);
  const std::vector<GeneratedText> results = generate_texts(together, byte_tokenizer(), prompts, settings_);
  ASSERT_EQ(results.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    const GeneratedText alone = dictated(texts[i], prompts[i], settings_);
    EXPECT_EQ(results[i].text, alone.text);
    EXPECT_EQ(results[i].end, alone.end);
    EXPECT_EQ(results[i].tokens, alone.tokens);
    EXPECT_NEAR(results[i].score, alone.score, 1e-6);
  }
  EXPECT_EQ(results[0].text, "red");
  EXPECT_EQ(results[1].text, "a red");
  EXPECT_EQ(results[1].end, End::stop);
  EXPECT_EQ(results[2].text, "a r");
  EXPECT_EQ(results[2].end, End::cancelled);
  EXPECT_EQ(results[3].text, "a red hat");
}

TEST_P(TextGeneration, EndsAtTheDeadlineWithWhatThereIs) {
  const auto at_deadline = [&](Deadline deadline, std::size_t slow_pass) {
    Dictation decoder({"one", "one two"});
    decoder.slow_pass = slow_pass;
    decoder.deadline = settings_.deadline = deadline;
    const std::vector<TextPrompt> prompts(2);
    const auto results = generate_texts(decoder, byte_tokenizer(), prompts, settings_);
    EXPECT_EQ(decoder.passes, slow_pass);
    return results;
  };
  const auto now = std::chrono::steady_clock::now();
  for (const GeneratedText& text : at_deadline(now, 0)) {
    EXPECT_EQ(text.text, "");
    EXPECT_EQ(text.end, End::cancelled);
  }
  const auto cut = at_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(500), 5);
  EXPECT_EQ(cut[0].text, "one");
  EXPECT_EQ(cut[1].end, End::cancelled);
  if (settings_.beams > 1) return;  // no hypothesis of the second has ended
  EXPECT_EQ(cut[0].end, End::eos);
  EXPECT_EQ(cut[1].text, "one t");
  EXPECT_EQ(cut[1].tokens, 5);
}

INSTANTIATE_TEST_SUITE_P(GreedyAndBeams, TextGeneration, ::testing::Values(1, 3));

TEST(TextGeneration, RunsOnWithTheBlankAfterThePrompt) {
  const Tokenizer tokenizer = Tokenizer::from_json(make_bert_tokenizer({"red", "dog"}), "test");
  const std::int32_t red = tokenizer.encode("red").ids[1], dog = tokenizer.encode("dog").ids[1];
  class Says : public AutoregressiveDecoder {
   public:
    explicit Says(int64_t token) : token_(token) {}
    Tensor start() override { return torch::one_hot(torch::tensor({token_}, torch::kLong), 1200) * 20.0; }
    Tensor step(const Tensor&) override { return start(); }
    void reorder(const Tensor&) override {}

   private:
    int64_t token_;
  } decoder(dog);
  GenerationSettings settings;
  settings.max_tokens = 2;
  const std::vector<TextPrompt> on = {{.tokens = {red}, .runs_on = true}}, anew = {{.tokens = {red}}};
  EXPECT_EQ(generate_texts(decoder, tokenizer, on, settings).front().text, " dog dog");
  EXPECT_EQ(generate_texts(decoder, tokenizer, anew, settings).front().text, "dog dog");
}

// Reads all ids again at every step: what a decoder with a cache, started from embeddings, must equal.
class WholePasses : public AutoregressiveDecoder {
 public:
  WholePasses(LlamaForCausalLM model, Tensor ids) : model_(std::move(model)), ids_(std::move(ids)) {}
  Tensor start() override { return model_->forward(ids_).select(1, -1); }
  Tensor step(const Tensor& tokens) override {
    ids_ = torch::cat({ids_, tokens.unsqueeze(1)}, 1);
    return start();
  }
  void reorder(const Tensor& rows) override { ids_ = ids_.index_select(0, rows); }

 private:
  LlamaForCausalLM model_;
  Tensor ids_;  // [R, T]
};

LlamaForCausalLM tiny_llama() { return testing::tiny_llama(testing::tiny_llama_config(97)); }

TEST(CausalDecoder, StartsFromEmbeddingsAsFromIds) {
  LlamaForCausalLM model = tiny_llama();
  const std::vector<int64_t> first = {5, 9, 2, 40, 17}, second = {88, 3, 3, 61, 12};
  const Tensor ids = torch::stack({torch::tensor(first), torch::tensor(second)});
  GenerationSettings greedy, beams, sampled;
  greedy.repetition_penalty = 1.3;
  beams.beams = 3;
  sampled.sample = true;
  sampled.temperature = 1.5;
  std::vector<std::vector<int64_t>> written;
  for (GenerationSettings settings : {greedy, beams, sampled}) {
    settings.max_tokens = 12;
    settings.eos = {1, 20, 30};
    const std::vector<GenerationPrompt> prompts = {{.tokens = first, .seed = 4}, {.tokens = second, .seed = 9}};
    CausalDecoder cached(*model, {torch::cat({model->embed(first), model->embed(second)})}, settings.max_tokens);
    WholePasses whole(model, ids);
    const auto found = generate(cached, prompts, settings), expected = generate(whole, prompts, settings);
    for (std::size_t p = 0; p < 2; ++p) {
      EXPECT_EQ(found[p].tokens, expected[p].tokens);
      EXPECT_EQ(found[p].ended, expected[p].ended);
      EXPECT_NEAR(found[p].score, expected[p].score, 1e-4);
      written.push_back(found[p].tokens);
    }
  }
  std::ranges::sort(written);
  EXPECT_EQ(std::ranges::unique(written).size(), 0U);  // three ways of searching and two prompts: six texts
}

// As a picture's embeddings among those of words.
TEST(CausalDecoder, ReadsWhatStandsAmongTheWords) {
  const c10::InferenceMode inference;
  LlamaForCausalLM model = tiny_llama();
  const std::vector<int64_t> before = {5, 9}, after = {40, 17}, next = {7};
  const Tensor picture = torch::randn({1, 3, 24});
  const Tensor prompt = torch::cat({model->embed(before), picture, model->embed(after)}, 1);
  const auto whole = [&](const Tensor& embeddings) {
    const CausalInput input{.embeddings = embeddings, .padding = {}, .cache = nullptr};
    return model->logits(model->model(input).select(1, -1));
  };
  CausalDecoder decoder(*model, {prompt}, 1);
  const Tensor first = decoder.start(), second = decoder.step(torch::tensor(next));
  EXPECT_TRUE(first.allclose(whole(prompt), 0, 1e-5));
  EXPECT_TRUE(second.allclose(whole(torch::cat({prompt, model->embed(next)}, 1)), 0, 1e-5));
  CausalDecoder blind(*model, {torch::cat({model->embed(before), picture.roll(1, 1), model->embed(after)}, 1)}, 1);
  EXPECT_FALSE(first.allclose(blind.start(), 0, 1e-3));
}

}  // namespace
}  // namespace omma
