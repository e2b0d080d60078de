// Training by several processes, as a launcher starts them.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <thread>

#include "omma/io/image_file.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
using testing::run_program;

// All three losses of BLIP, a queue that fills, hard negatives, soft targets; a batch of 8 in all.
json recipe(int batch) {
  const json vision = {{"hidden_size", 24},        {"intermediate_size", 40}, {"num_hidden_layers", 1},
                       {"num_attention_heads", 2}, {"image_size", 32},        {"patch_size", 16}};
  const json text = {{"hidden_size", 24},
                     {"intermediate_size", 32},
                     {"num_hidden_layers", 1},
                     {"num_attention_heads", 2},
                     {"max_position_embeddings", 40}};
  const json model = {
      {"architectures", {"BlipForPreTraining"}}, {"image_text_hidden_size", 16}, {"vision_config", vision}, {"text_config", text}};
  return {{"task", "blip"},        {"seed", 5},           {"steps", 6},
          {"log_every", 1},        {"threads", 1},        {"learning_rate", 0.003},
          {"clip_norm", 1},        {"batch_size", batch}, {"data", "world:captions=exact,wrong=1,count=1000,size=32"},
          {"validation_data", ""}, {"most_tokens", 40},   {"objective", {{"queue", 16}, {"alpha_steps", 3}, {"momentum", 0.9}}},
          {"model", model}};
}

// Of each step, the loss and the norm of the gradient before clipping.
std::vector<std::pair<double, double>> steps_of(const std::filesystem::path& run) {
  std::istringstream lines(read_file(run / "log.jsonl"));
  std::vector<std::pair<double, double>> steps;
  for (std::string line; std::getline(lines, line);)
    if (const json entry = parse_json(line, "log"); entry.contains("loss"))
      steps.emplace_back(entry["loss"], entry["gradient_norm"]);
  return steps;
}

// Trains `one` alone and `two` by two processes; both have to tell the same.
void expect_equal_runs(const json& one, const json& two) {
  const testing::TemporaryDirectory directory;
  write_file(directory / "one.json", dump_json(one));
  write_file(directory / "two.json", dump_json(two));
  const auto alone = run_program({"train", (directory / "one.json").string(), "--out", (directory / "one").string(), "--quiet"});
  ASSERT_EQ(alone.status, 0) << alone.err;

  const std::string port = fmt::format("MASTER_PORT={}", 20000 + ::getpid() % 20000);
  const auto join = [&](int rank) {
    return run_program({"train", (directory / "two.json").string(), "--out", (directory / "two").string(), "--quiet"},
                       {fmt::format("RANK={}", rank), "WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1", port});
  };
  testing::Run second;
  std::thread other([&] { second = join(1); });
  const testing::Run first = join(0);
  other.join();
  ASSERT_EQ(first.status, 0) << first.err;
  ASSERT_EQ(second.status, 0) << second.err;
  EXPECT_TRUE(second.out.empty()) << "rank 0 alone reports";

  const auto expected = steps_of(directory / "one"), got = steps_of(directory / "two");
  ASSERT_EQ(expected.size(), 6U);
  ASSERT_EQ(got.size(), 6U);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(got[i].first, expected[i].first, 2e-4 * std::abs(expected[i].first)) << "step " << i;
    EXPECT_NEAR(got[i].second, expected[i].second, 1e-3 * expected[i].second) << "gradient of step " << i;
  }
  EXPECT_GT(std::abs(expected.front().first - expected.back().first), 0.1) << "nothing was learned in between";
}

// A picture encoder and a text model of one layer each.
json small_recipe(const char* task, int batch, const json& of_text, const json& changes) {
  const json sizes = {{"hidden_size", 24}, {"intermediate_size", 32}, {"num_hidden_layers", 1}, {"num_attention_heads", 2}};
  json vision = sizes, text = sizes;
  vision.update({{"image_size", 32}, {"patch_size", 16}});
  text.update(of_text);
  json object = {{"task", task},
                 {"seed", 5},
                 {"steps", 6},
                 {"log_every", 1},
                 {"threads", 1},
                 {"learning_rate", .01},
                 {"clip_norm", 1},
                 {"batch_size", batch},
                 {"validation_data", ""},
                 {"model", {{"vision_config", vision}, {"text_config", text}}}};
  object.update(changes);
  return object;
}

json clip_recipe(int batch) {
  json object =
      small_recipe("clip", batch, {{"max_position_embeddings", 40}}, {{"data", "world:captions=exact,count=1000,size=32"}});
  object["model"]["projection_dim"] = 16;
  return object;
}

// The contrast is with the pictures and texts of all processes.
TEST(Train, TwoProcessesOfClipEqualOneWithTheSameGlobalBatch) { expect_equal_runs(clip_recipe(8), clip_recipe(4)); }

TEST(Train, TwoProcessesEqualOneWithTheSameGlobalBatch) { expect_equal_runs(recipe(8), recipe(4)); }

// Gradients go round once a step, after the second batch; no loss reaches the decoder.
TEST(Train, TwoProcessesEqualOneWithAccumulatedGradientsAndUnusedParameters) {
  json one = recipe(4), two = recipe(2);
  for (json* of : {&one, &two}) {
    (*of)["accumulate"] = 2;
    (*of)["objective"]["lm"] = 0;
  }
  expect_equal_runs(one, two);
}

// Dialogues of one length, since each process means over its own words, as the authors' trainer does; every second has a picture.
TEST(Train, TwoProcessesOfLlavaEqualOneWithTheSameGlobalBatch) {
  const testing::TemporaryDirectory directory;
  json list = json::array();
  for (int i = 0; i < 48; ++i) {
    const json question = {{"from", "human"}, {"value", i % 2 == 0 ? "<image>\nWhich color?" : "Which color?"}};
    list.push_back({{"id", i}, {"conversations", {question, {{"from", "gpt"}, {"value", i % 3 == 0 ? "red" : "blue"}}}}});
    if (i % 2 != 0) continue;
    Image image(32, 32);
    std::ranges::fill(image.data, static_cast<std::uint8_t>(5 * i));
    const std::string name = fmt::format("{}.png", i);
    write_image(directory / name, image);
    list.back()["image"] = name;
  }
  write_file(directory / "instruct.json", dump_json(list));
  const auto recipe = [&](int batch) {
    return small_recipe("llava", batch, {{"max_position_embeddings", 64}, {"tie_word_embeddings", true}},
                        {{"group", 1},
                         {"data", "llava:" + directory.path().string()},
                         {"split", ""},
                         {"max_tokens", 64},
                         {"learns", {"projector", "language_model", "vision_tower"}},
                         {"chat_template", "vicuna_v1"}});
  };
  expect_equal_runs(recipe(8), recipe(4));
}

TEST(Train, ALauncherThatForgetsTheRankIsTold) {
  const testing::TemporaryDirectory directory;
  write_file(directory / "recipe.json", dump_json(recipe(4)));
  const auto run =
      run_program({"train", (directory / "recipe.json").string(), "--out", (directory / "out").string()}, {"WORLD_SIZE=2"});
  EXPECT_EQ(run.status, 2);
  EXPECT_NE(run.err.find("RANK"), std::string::npos) << run.err;
}

}  // namespace
}  // namespace omma
