// A sixth model is its folder and one row: every function that knows tasks then knows it.
#include "omma/models/registry.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/io/tensor_file.h"
#include "omma/models/model_row.h"
#include "omma/models/zoo.h"
#include "tests/structure/registry/stub/stub.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

class Registry : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    add_model_row({.types = {"stub"},
                   .detector = [](const std::filesystem::path& directory,
                                  const LoadTarget&) { return std::make_unique<stub::Predictor>(directory); },
                   .is_original = stub::is_original,
                   .convert = stub::convert});
  }

  std::filesystem::path model(const std::string& config) {
    std::filesystem::create_directories(directory_ / "model");
    write_file(directory_ / "model/config.json", config);
    return directory_ / "model";
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(Registry, ARowMakesAModelLoadable) {
  const auto directory = model(R"({"model_type": "stub", "margin": 3})");
  expect_task(directory, "detect");
  const Image image(20, 10);
  const auto found = load_detector(directory)->detect({&image, 1}, {.phrases = {"dog"}, .caption = {}}).at(0).detections;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box, (Box{3, 3, 17, 7}));
}

TEST_F(Registry, OtherTasksNameTheModelsThatHaveThem) {
  const auto directory = model(R"({"model_type": "stub"})");
  const std::string refusal = testing::invalid_argument_of([&] { load_captioner(directory); });
  EXPECT_NE(refusal.find("models of type \"stub\" do not caption; those that do: blip (BlipForConditionalGeneration)"),
            std::string::npos)
      << refusal;
  const std::string unknown = testing::invalid_argument_of([&] { load_detector(model(R"({"model_type": "resnet"})")); });
  EXPECT_NE(unknown.find("those that do: glip, grounding-dino, mm-grounding-dino, stub"), std::string::npos) << unknown;
}

TEST_F(Registry, ItsConverterTakesItsFiles) {
  const std::vector<std::uint8_t> margin = {2};
  const TensorView view{"stub.margin", DType::u8, {1}, margin};
  write_safetensors(directory_ / "original.safetensors", std::span(&view, 1));
  convert_model(directory_ / "original.safetensors", directory_ / "converted");
  const Image image(9, 9);
  EXPECT_EQ(load_detector(directory_ / "converted")->detect({&image, 1}, {.phrases = {"a"}, .caption = {}})[0].detections[0].box,
            (Box{2, 2, 7, 7}));
}

// A path, the zoo, what was fetched, the Hugging Face cache: each hides those behind it.
TEST_F(Registry, NamesAreLookedForInOrder) {
  namespace fs = std::filesystem;
  const fs::path zoo = directory_ / "zoo", cache = directory_ / "cache", hub = directory_ / "hub", here = fs::current_path();
  const fs::path repository = hub / "models--org--name", snapshot = repository / "snapshots/0a1b";
  for (const fs::path& folder :
       {zoo / "one", cache / "omma/models/one", cache / "omma/models/empty", snapshot, repository / "refs"})
    fs::create_directories(folder);
  for (const fs::path& file : {zoo / "one/config.json", cache / "omma/models/one/one.gguf"}) write_file(file, "{}");
  write_file(repository / "refs/main", "0a1b");
  ::setenv("OMMA_ZOO", zoo.c_str(), 1);
  ::setenv("XDG_CACHE_HOME", cache.c_str(), 1);
  ::setenv("HF_HUB_CACHE", hub.c_str(), 1);
  fs::current_path(directory_.path());

  EXPECT_EQ(find_model("one"), zoo / "one");
  EXPECT_EQ(find_model("org/name"), snapshot);
  fs::create_directories("one");
  fs::create_directories("org/name");
  EXPECT_EQ(find_model("one"), "one");
  EXPECT_EQ(find_model("org/name"), "org/name");
  fs::remove("one");
  fs::remove_all(zoo / "one");
  EXPECT_EQ(find_model("one"), cache / "omma/models/one");
  EXPECT_EQ(find_model("cache/omma/models/one/one.gguf"), "cache/omma/models/one/one.gguf");
  for (const char* absent : {"empty", "two", "two.gguf", "omma/models", ".hidden"})
    EXPECT_THROW(find_model(absent), std::invalid_argument) << absent;
  const std::string smollm2 = testing::invalid_argument_of([] { find_model("smollm2"); });
  EXPECT_NE(smollm2.find("fetch it with: omma pull smollm2"), std::string::npos) << smollm2;
  fs::current_path(here);
  for (const char* variable : {"OMMA_ZOO", "XDG_CACHE_HOME", "HF_HUB_CACHE"}) ::unsetenv(variable);
}

TEST_F(Registry, TheZooSaysItsDefaults) {
  EXPECT_EQ(find_model_for("detect").filename(), "grounding-dino-nano");
  EXPECT_TRUE(zoo_has_model_for("caption"));
  EXPECT_EQ(find_model_for("segment").filename(), "sam-nano");
  // A zoo of the user's own, which says none: the first that can.
  std::filesystem::create_directories(directory_ / "zoo");
  std::filesystem::rename(model(R"({"model_type": "stub"})"), directory_ / "zoo/mine");
  ::setenv("OMMA_ZOO", (directory_ / "zoo").c_str(), 1);
  EXPECT_EQ(find_model_for("detect").filename(), "mine");
  EXPECT_FALSE(zoo_has_model_for("caption"));
  EXPECT_FALSE(zoo_has_model_for("segment"));
  EXPECT_THROW(find_model_for("segment"), std::invalid_argument);
  ::unsetenv("OMMA_ZOO");
}

}  // namespace
}  // namespace omma
