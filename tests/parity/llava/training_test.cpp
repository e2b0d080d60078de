// LLaVA's training against its authors' label masks and one step of transformers (tools/parity/llava_training.py).
#include <gtest/gtest.h>

#include <set>

#include "omma/base/file.h"
#include "omma/models/llava/checkpoint.h"
#include "omma/recipes/llava/dialogue.h"
#include "omma/recipes/llava/objective.h"
#include "tests/parity/reference.h"

namespace omma {
namespace {

using testing::expect_close;
using testing::parity_directory;
using testing::read_expected;

constexpr int64_t authors_picture = -200, ignored = -100;

std::string without_blanks(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// As instruction_dataset.h reads it, without its checks.
InstructionSample sample_of(const json& record) {
  InstructionSample sample{.id = record["name"], .image = record["has_image"] == true ? "picture.png" : ""};
  const json& turns = record["conversations"];
  for (std::size_t i = 0; i + 1 < turns.size(); i += 2) {
    std::string question = turns[i]["value"];
    const auto token = question.find(image_token);
    if (i == 0 && !sample.image.empty() && token != std::string::npos)
      question = without_blanks(question.erase(token, image_token.size()));
    sample.rounds.push_back({.question = question, .answer = turns[i + 1]["value"]});
  }
  return sample;
}

DialogueForm form_of(const std::string& authors_name) {
  const std::string name = authors_name == "v1" ? "vicuna_v1" : authors_name;
  return {.chat_template = ChatTemplate::built_in(name), .answers_alone = name == "plain"};
}

std::vector<int64_t> learned_of(const std::vector<int64_t>& labels) {
  std::vector<int64_t> learned;
  std::ranges::copy_if(labels, std::back_inserter(learned), [](int64_t label) { return label != ignored; });
  return learned;
}

struct Labelled {
  std::vector<int64_t> ids, labels;
};

Labelled labelled(const InstructionSample& sample, const DialogueForm& form, const json& record) {
  const auto tokenizer = Tokenizer::from_directory(parity_directory("llava_training") / record["tokenizer"].get<std::string>());
  const int64_t picture = *tokenizer.token_to_id(image_token);
  DialogueTokens tokens = tokenize_dialogue(sample, form, tokenizer);
  EXPECT_TRUE(tokens.is_whole) << sample.id;
  expand(tokens, picture, 1, record["model_max_length"]);
  Labelled made{.ids = tokens.ids, .labels = {}};
  for (std::size_t i = 0; i < tokens.ids.size(); ++i) made.labels.push_back(tokens.is_learned[i] != 0 ? tokens.ids[i] : ignored);
  std::ranges::replace(made.ids, picture, authors_picture);
  return made;
}

// Three tokenizers of the same pieces: `legacy` reads what stands behind a picture as the authors do, on its own; `tokenizer` as
// transformers' LLaVA does, so that a caption begins with other pieces and a text cut at a length ends elsewhere; in `split` the
// authors' count is wrong for dialogues of several rounds, most of which they mask whole.
TEST(LlavaTraining, LearnsWhatTheAuthorsLearn) {
  const std::set<std::string> forms = {"v1", "llava_v1", "plain"};
  const std::set<std::string> with_special_tokens = {"begin_in_the_answer", "unknown_in_the_answer", "end"};  // which are text here
  int equal = 0, equally_learned = 0, masked_by_the_authors = 0;
  for (const json& record : read_json(parity_directory("llava_training") / "labels.json")) {
    if (!forms.contains(record["template"]) || record["same_with_json"] == false) continue;
    const InstructionSample sample = sample_of(record);
    const DialogueForm form = form_of(record["template"]);
    const std::string tokenizer = record["tokenizer"];
    const auto name = fmt::format("{} {} {}", tokenizer, record["template"].get<std::string>(), sample.id);
    if (write_out(sample, form).text.text != record["prompt"]) continue;  // what the reader refuses, and the authors take
    const Labelled ours = labelled(sample, form, record);
    const auto ids = record["input_ids"].get<std::vector<int64_t>>(), labels = record["labels"].get<std::vector<int64_t>>();
    const bool is_cut = sample.id.find("cut") != std::string::npos;
    if (record["masked_whole"] == true) {
      ++masked_by_the_authors;
      EXPECT_TRUE(is_cut || !learned_of(ours.labels).empty()) << name;
    } else if (tokenizer == "legacy" && !with_special_tokens.contains(sample.id)) {
      EXPECT_EQ(ours.ids, ids) << name;
      EXPECT_EQ(ours.labels, labels) << name;
      ++equal;
    } else if (!is_cut && record["template"] != "plain" && !with_special_tokens.contains(sample.id)) {
      EXPECT_EQ(learned_of(ours.labels), learned_of(labels)) << name;
      ++equally_learned;
    }
  }
  EXPECT_GE(equal, 35);
  EXPECT_GE(equally_learned, 25);
  EXPECT_GE(masked_by_the_authors, 40);
}

class LlavaStep : public ::testing::TestWithParam<const char*> {};

TEST_P(LlavaStep, LossAndGradientsAreThoseOfTransformers) {
  const auto directory = parity_directory("llava_training") / "one_step" / GetParam();
  LlavaCheckpoint checkpoint = load_llava(directory, {.dtype = torch::kFloat32});
  Llava& model = checkpoint.model;
  for (Tensor& parameter : model->vision_tower->parameters()) parameter.requires_grad_(false);
  auto expected = read_expected(directory / "batch.safetensors");
  const Tensor &labels = expected.at("labels"), &pixels = expected.at("pixel_values");
  LlavaBatch batch;
  batch.ids = expected.at("input_ids");
  std::vector<int64_t> positions, targets;
  for (int64_t row = 0; row < labels.size(0); ++row)
    for (int64_t i = 1; i < labels.size(1); ++i) {
      const auto label = labels[row][i].item<int64_t>();
      if (label == ignored) continue;
      positions.push_back(row * labels.size(1) + i - 1);
      targets.push_back(label);
    }
  batch.positions = torch::tensor(positions, torch::kLong);
  batch.targets = torch::tensor(targets, torch::kLong);
  for (int64_t i = 0; i < pixels.size(0); ++i) batch.pictures.push_back({.pixels = pixels.narrow(0, i, 1)});

  for (const bool recomputes : {false, true}) {
    model->language_model->model->recomputes_layers = recomputes;
    model->zero_grad();
    const Tensor loss = language_loss(model, batch);
    expect_close("loss", expected.at("loss").reshape({}), loss, 1e-5);
    loss.backward();
    const auto parameters = model->named_parameters();
    std::size_t compared = 0;
    for (const auto& [name, gradient] : read_expected(directory / "gradients.safetensors"))
      for (const std::string& key : translate_key(name, llava_keys(model->config()))) {
        ASSERT_TRUE(parameters.contains(key)) << key;
        expect_close(key, gradient, parameters[key].grad(), 1e-5);
        ++compared;
      }
    const auto learning = std::ranges::count_if(model->parameters(), [](const Tensor& each) { return each.requires_grad(); });
    EXPECT_EQ(static_cast<std::ptrdiff_t>(compared), learning);
  }
}

INSTANTIATE_TEST_SUITE_P(Both, LlavaStep, ::testing::Values("separate", "tied"));

}  // namespace
}  // namespace omma
