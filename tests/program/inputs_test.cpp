// Inputs as they come: damaged weights, lists from Windows, folders from macOS, links.
#include <gtest/gtest.h>

#include "omma/io/tensor_file.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::run_program;

class Inputs : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run_program({"render", "--seed", "5", "--count", "2", "--size", "64", "--out", directory_.path().string()}).status,
              0);
  }
  std::string picture(int index) const { return fmt::format("{}/images/{:06}.png", directory_.path().string(), index); }

  // A zoo model of which the last tensor's last element (fp16) is a NaN; the tensor's name.
  std::string damage(const std::string& model) {
    const fs::path copy = directory_ / model;
    fs::create_directory(copy);
    for (const fs::directory_entry& entry : fs::directory_iterator(fs::path("zoo") / model))
      fs::create_symlink(fs::absolute(entry.path()), copy / entry.path().filename());
    const TensorFile weights = read_weights(copy);
    std::vector<TensorView> tensors = weights.tensors();
    TensorView& last = tensors.back();
    std::vector<std::uint8_t> bytes(last.bytes.begin(), last.bytes.end());
    EXPECT_EQ(last.dtype, DType::f16);
    bytes.back() = 0x7E;
    last.bytes = bytes;
    fs::remove(copy / "model.safetensors");
    write_safetensors(copy / "model.safetensors", tensors, weights.metadata());
    return last.name;
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(Inputs, WeightsThatAreNoNumbersAreNamed) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> commands = {
      {"grounding-dino-nano", {"detect", picture(0), "--phrase", "dog", "--model"}},
      {"blip-nano-caption", {"caption", picture(0), "--model"}},
      {"blip-nano-itm", {"match", picture(0), "a dog", "--model"}},
      {"blip-nano-vqa", {"ask", picture(0), "what colour is the dog?", "--model"}},
      {"planner-nano", {"agent", picture(0), "How many dogs are there?", "--llm"}}};
  for (auto [model, arguments] : commands) {
    const std::string tensor = damage(model);
    arguments.push_back((directory_ / model).string());
    const auto run = run_program(arguments);
    EXPECT_EQ(run.status, 2) << model << ": " << run.err;
    EXPECT_EQ(run.out, "") << model;
    EXPECT_NE(run.err.find(fmt::format("tensor \"{}\": expected numbers", tensor)), std::string::npos) << model << ": " << run.err;
  }
}

TEST_F(Inputs, ListsAndFoldersFromElsewhere) {
  const fs::path folder = directory_ / "folder";
  fs::create_directory(folder);
  fs::create_symlink(picture(0), folder / "a.png");
  write_file(folder / "._a.png", "of macOS");
  write_file(directory_ / "list.txt", "\xEF\xBB\xBF" + picture(0) + "\r\n" + picture(1) + "\r\n");
  for (const auto& [input, pictures] : {std::pair(folder.string(), 1U), {"@" + (directory_ / "list.txt").string(), 2U}}) {
    const auto run = run_program({"detect", input, "--phrase", "dog", "--json"});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.lines().size(), pictures) << input;
  }
  fs::create_symlink("circle", directory_ / "circle");
  for (const std::string& input : {(directory_ / "circle").string(), (directory_ / "circle" / "a.png").string()}) {
    const auto run = run_program({"detect", input, "--phrase", "dog"});
    EXPECT_EQ(run.status, 2) << run.err;
    EXPECT_NE(run.err.find("circle"), std::string::npos) << run.err;
  }
}

}  // namespace
}  // namespace omma
