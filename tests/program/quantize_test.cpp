// omma quantize, with a small random SAM and with the trained one: the directory that it makes, its masks, and what it refuses.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "omma/io/tensor_file.h"
#include "omma/vision/mask_json.h"
#include "omma/vision/run_lengths.h"
#include "tests/parity/reference.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::run_program;

class Quantize : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new testing::TemporaryDirectory;
    const auto run = run_program({"render", "--seed", "3", "--count", "3", "--out", path("scenes"), "--quiet"});
    ASSERT_EQ(run.status, 0) << run.err;
  }
  static void TearDownTestSuite() { delete directory_; }

  static std::string path(const std::string& name) { return (*directory_ / name).string(); }
  static std::string original() { return testing::parity_directory("sam/windows").string(); }

  static testing::Run quantize(const std::string& model, const std::string& out,
                               const std::string& pictures = path("scenes/images"), std::vector<std::string> words = {}) {
    words.insert(words.begin(), {"quantize", model, out, "--pictures", pictures, "--threads", "1", "--quiet"});
    return run_program(words);
  }
  static testing::Run segment(const std::string& model, std::vector<std::string> words) {
    words.insert(words.begin(), {"segment", path("scenes/images/000000.png"), "--point", "60,60", "--model", model, "--json"});
    words.insert(words.end(), {"--threads", "1", "--quiet"});
    return run_program(words);
  }

  static inline testing::TemporaryDirectory* directory_ = nullptr;
};

TEST_F(Quantize, MakesADirectoryThatStandsAlone) {
  fs::copy(original(), path("copy"), fs::copy_options::recursive);
  const auto run = quantize(path("copy"), path("int8"), path("scenes/images"), {"--json", "--count", "2"});
  ASSERT_EQ(run.status, 0) << run.err;
  const json told = run.lines().at(0);
  EXPECT_EQ(told["pictures"], 2);
  EXPECT_GT(told["relative_error"], 0);
  EXPECT_LT(told["relative_error"], 0.05);
  fs::remove_all(path("copy"));
  const TensorFile weights = read_safetensors(path("int8/model.safetensors"));
  const TensorView* weight = weights.find("vision_encoder.layers.0.mlp.lin1.weight");
  ASSERT_NE(weight, nullptr);
  EXPECT_EQ(weight->dtype, DType::i8);
  EXPECT_EQ(read_json(path("int8/config.json"))["quantization_config"]["format"], "int-quantized");
  for (const char* dtype : {"auto", "fp32", "bf16"}) {
    const auto answer = segment(path("int8"), {"--dtype", dtype});
    ASSERT_EQ(answer.status, 0) << answer.err;
    EXPECT_EQ(answer.lines().at(0)["masks"].size(), 1U);
  }
}

// Of every level's box in scenes with emblems, by the trained model; quantized on other scenes.
TEST_F(Quantize, MasksOfTheTrainedModelAgreeWithThoseInFp32) {
  const auto drawn = run_program({"render", "--seed", "4", "--count", "8", "--emblems", "--out", path("emblems"), "--quiet"});
  ASSERT_EQ(drawn.status, 0) << drawn.err;
  ASSERT_EQ(quantize("sam-nano", path("nano_int8")).status, 0);
  const json known = read_json(path("emblems/annotations.json"));
  double bf16 = 0, int8 = 0;
  std::size_t count = 0;
  for (const json& picture : known["images"]) {
    std::vector<std::string> words = {"segment", path("emblems/images/" + picture["file_name"].get<std::string>()), "--json",
                                      "--quiet"};
    for (const json& object : known["annotations"]) {
      if (object["image_id"] != picture["id"]) continue;
      const auto box = object["bbox"].get<std::array<double, 4>>();  // x, y, width, height
      words.insert(words.end(), {"--box", fmt::format("{},{},{},{}", box[0], box[1], box[0] + box[2], box[1] + box[3])});
    }
    const auto masks_by = [&](const std::string& model, const std::string& dtype) {
      std::vector<std::string> all = words;
      all.insert(all.end(), {"--model", model, "--dtype", dtype});
      return run_program(all).lines().at(0).at("masks");
    };
    const json exact = masks_by("sam-nano", "fp32"), short_numbers = masks_by("sam-nano", "bf16");
    const json bytes = masks_by(path("nano_int8"), "auto");
    for (std::size_t i = 0; i < exact.size(); ++i, ++count) {
      const RunLengths mask = read_rle(exact[i]["rle"]);
      bf16 += intersection_over_union(mask, read_rle(short_numbers[i]["rle"]));
      int8 += intersection_over_union(mask, read_rle(bytes[i]["rle"]));
    }
  }
  ASSERT_GT(count, 40U);
  bf16 /= static_cast<double>(count);
  int8 /= static_cast<double>(count);
  fmt::print("{} masks: mean IoU with those in fp32: {:.4f} in bf16, {:.4f} in 8-bit numbers\n", count, bf16, int8);
  EXPECT_GE(bf16, 0.98);
  EXPECT_GE(int8, 0.97);
}

TEST_F(Quantize, ItsEmbeddingsAreTheOriginalsNot) {
  ASSERT_EQ(quantize(original(), path("other")).status, 0);
  ASSERT_EQ(segment(original(), {"--dtype", "fp32", "--save-embedding", path("fp32.safetensors")}).status, 0);
  ASSERT_EQ(segment(path("other"), {"--dtype", "fp32", "--save-embedding", path("int8.safetensors")}).status, 0);
  const auto crossed = segment(path("other"), {"--dtype", "fp32", "--embedding", path("fp32.safetensors")});
  EXPECT_EQ(crossed.status, 2);
  EXPECT_NE(crossed.err.find("made by another model"), std::string::npos) << crossed.err;
  EXPECT_EQ(segment(original(), {"--dtype", "fp32", "--embedding", path("int8.safetensors")}).status, 2);
  EXPECT_EQ(segment(path("other"), {"--dtype", "fp32", "--embedding", path("int8.safetensors")}).status, 0);
}

TEST_F(Quantize, RefusesWhatItCannotDoAndLeavesNothing) {
  const auto refusal = [&](const testing::Run& run, const std::string& said) {
    EXPECT_EQ(run.status, 2);
    EXPECT_NE(run.err.find(said), std::string::npos) << run.err;
    const auto left = std::ranges::count_if(fs::directory_iterator(path("")), [](const fs::directory_entry& entry) {
      return entry.path().filename().string().starts_with("none");
    });
    EXPECT_EQ(left, 0) << said;
  };
  refusal(quantize("grounding-dino-nano", path("none")),
          "models of type \"mm-grounding-dino\" have no form of 8-bit numbers; those that have: llama, mistral, llava, llava_next, "
          "video_llava, sam");
  ASSERT_EQ(quantize(original(), path("done")).status, 0);
  refusal(quantize(path("done"), path("none")), "is of 8-bit numbers already");
  refusal(quantize(original(), path("done")), "expected an absent or empty directory");
  refusal(quantize(path("done"), path("done")), "done");
  refusal(quantize(original(), path("none"), path("absent")), "absent");
  refusal(run_program({"quantize", original(), path("none")}), "--pictures");
  write_file(path("broken.png"), "no picture");
  refusal(quantize(original(), path("none"), path("broken.png")), "broken.png");
}

TEST_F(Quantize, WhatItMadeStartsNoTraining) {
  ASSERT_EQ(quantize(original(), path("start")).status, 0);
  const auto train = [](const std::string& recipe, const std::string& data, const std::string& setting) {
    return run_program(
        {"train", recipe, "--set", "data=" + data, "--set", setting, "--set", "steps=1", "--out", path("run"), "--quiet"});
  };
  const auto teacher = train("sam-study-distilled", "pictures:" + path("scenes/images"), "teacher=" + path("start"));
  EXPECT_EQ(teacher.status, 2);
  EXPECT_NE(teacher.err.find("has layers of 8-bit numbers"), std::string::npos) << teacher.err;
  const auto start = train("sam-study", "coco:" + path("scenes"), "initial_weights=[\"" + path("start") + "\"]");
  EXPECT_EQ(start.status, 2);
  EXPECT_NE(start.err.find("8-bit numbers start no training"), std::string::npos) << start.err;
}

TEST_F(Quantize, ALayerWithoutAScaleIsNamedOnLoading) {
  ASSERT_EQ(quantize(original(), path("scales")).status, 0);
  const TensorFile file = read_safetensors(path("scales/model.safetensors"));
  std::vector<TensorView> tensors(file.tensors().begin(), file.tensors().end());
  const std::array<std::uint8_t, 4> nothing = {};
  for (TensorView& tensor : tensors)
    if (tensor.name == "vision_encoder.layers.0.mlp.lin1.input_scale") tensor.bytes = nothing;
  write_safetensors(path("changed.safetensors"), tensors, {});
  fs::rename(path("changed.safetensors"), path("scales/model.safetensors"));
  const auto run = segment(path("scales"), {});
  EXPECT_EQ(run.status, 2);
  EXPECT_NE(run.err.find("vision_encoder.layers.0.mlp.lin1: scales: expected more than 0, got 0"), std::string::npos) << run.err;
}

TEST_F(Quantize, LeavesOutPicturesThatCannotBeRead) {
  fs::create_directories(path("mixed"));
  fs::copy(path("scenes/images/000001.png"), path("mixed/a.png"));
  write_file(path("mixed/b.png"), "no picture");
  const auto run = quantize(original(), path("mixed_int8"), path("mixed"), {"--json"});
  EXPECT_EQ(run.status, 2);
  ASSERT_EQ(run.lines().size(), 2U);
  EXPECT_TRUE(run.lines()[0].contains("error"));
  EXPECT_EQ(run.lines()[1]["pictures"], 1);
}

TEST_F(Quantize, AnotherSchemeIsRefusedByField) {
  ASSERT_EQ(quantize(original(), path("scheme")).status, 0);
  json config = read_json(path("scheme/config.json"));
  config["quantization_config"]["config_groups"]["group_0"]["weights"]["num_bits"] = 4;
  write_file(path("scheme/config.json"), config.dump());
  const auto run = segment(path("scheme"), {});
  EXPECT_EQ(run.status, 2);
  EXPECT_NE(run.err.find("quantization_config/config_groups/group_0/weights/num_bits: expected 8, got 4"), std::string::npos)
      << run.err;
}

}  // namespace
}  // namespace omma
