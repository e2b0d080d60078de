#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/io/tensor_file.h"
#include "tests/checkpoint_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

void write_shard(const fs::path& file, std::initializer_list<const char*> names) {
  std::vector<TensorView> tensors;
  for (const char* name : names) tensors.push_back({name, DType::u8, {4}, testing::bytes_of_text("0123")});
  write_safetensors(file, tensors, {{"format", "pt"}});
}

void write_index(const fs::path& directory, const json& weight_map) {
  write_file(directory / "model.safetensors.index.json",
             dump_json({{"metadata", {{"total_size", 1}}}, {"weight_map", weight_map}}));
}

std::string refusal(const fs::path& directory) {
  return testing::invalid_argument_of([&] { read_weights(directory); });
}

TEST(ModelDirectory, PrefersSafetensors) {
  const testing::TemporaryDirectory directory;
  EXPECT_NE(refusal(directory.path()).find("expected model.safetensors, "), std::string::npos);
  write_file(directory / "pytorch_model.bin", testing::torch_zip(testing::PickledTensor{}));
  EXPECT_NE(read_weights(directory.path()).find("w"), nullptr);
  write_shard(directory / "model.safetensors", {"a"});
  EXPECT_NE(read_weights(directory.path()).find("a"), nullptr);
  EXPECT_NE(refusal(directory / "model.safetensors").find("expected a model directory"), std::string::npos);
}

TEST(ModelDirectory, JoinsShards) {
  const testing::TemporaryDirectory directory;
  write_shard(directory / "one.safetensors", {"b", "c"});
  write_shard(directory / "two.safetensors", {"a"});
  write_index(directory.path(), {{"a", "two.safetensors"}, {"b", "one.safetensors"}, {"c", "one.safetensors"}});
  const TensorFile file = read_weights(directory.path());
  ASSERT_EQ(file.tensors().size(), 3U);
  EXPECT_EQ(file.tensors()[0].name, "a");
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.tensors()[2].bytes[3], '3');
}

TEST(ModelDirectory, TellsEveryDisagreementAtOnce) {
  const testing::TemporaryDirectory directory;
  write_shard(directory / "one.safetensors", {"a", "b"});
  write_shard(directory / "two.safetensors", {"b"});
  write_index(directory.path(),
              {{"a", "one.safetensors"}, {"b", "two.safetensors"}, {"c", "two.safetensors"}, {"d", "gone.safetensors"}});
  const std::string message = refusal(directory.path());
  for (const char* fault : {"shard \"gone.safetensors\" is missing", "tensor \"c\" is not in \"two.safetensors\"",
                            "\"one.safetensors\" holds tensor \"b\", which the index places elsewhere"})
    EXPECT_NE(message.find(fault), std::string::npos) << message;
}

TEST(ModelDirectory, ShardsStayInside) {
  const testing::TemporaryDirectory directory;
  const fs::path model = directory / "model";
  fs::create_directory(model);
  write_shard(directory / "outside.safetensors", {"a"});
  fs::create_symlink("loop.safetensors", model / "loop.safetensors");
  for (const char* shard : {"../outside.safetensors", "/etc/passwd", "loop.safetensors", "", "."}) {
    write_index(model, {{"a", shard}});
    EXPECT_NE(refusal(model), "") << shard;
  }
  write_index(model, {{"a", std::string("a\0b", 3)}});
  EXPECT_NE(refusal(model), "");
  write_index(model, {{"a", "../outside.safetensors"}});
  EXPECT_NE(refusal(model).find("leads out of the directory"), std::string::npos) << refusal(model);
}

// As people save disk space, and as the Hub's client laid out local folders before 0.23.
TEST(ModelDirectory, LinksAreFollowed) {
  const testing::TemporaryDirectory directory;
  const fs::path model = directory / "model";
  fs::create_directory(model);
  write_shard(directory / "outside.safetensors", {"a"});
  fs::create_symlink("../outside.safetensors", model / "link.safetensors");
  write_index(model, {{"a", "link.safetensors"}});
  EXPECT_NE(read_weights(model).find("a"), nullptr);
  write_index(model, {{"a", "./sub/../link.safetensors"}});
  EXPECT_NE(read_weights(model).find("a"), nullptr);
  write_index(model, {{"a", (model / "link.safetensors").string()}});
  EXPECT_NE(read_weights(model).find("a"), nullptr);
  fs::create_symlink("../outside.safetensors", model / "model.safetensors");
  EXPECT_NE(read_weights(model).find("a"), nullptr);
  for (const char* target : {"model.safetensors", "nowhere"}) {
    fs::remove(model / "model.safetensors");
    fs::create_symlink(target, model / "model.safetensors");
    EXPECT_TRUE(refusal(model).starts_with((model / "model.safetensors").string() + ": ")) << refusal(model);
  }
}

TEST(ModelDirectory, RefusesMalformedIndices) {
  const testing::TemporaryDirectory directory;
  write_shard(directory / "one.safetensors", {"a"});
  const fs::path index = directory / "model.safetensors.index.json";
  for (const char* text : {"", "[]", "{}", R"({"weight_map":[]})", R"({"weight_map":{}})", R"({"weight_map":{"a":1}})",
                           R"({"weight_map":{"a":"one.safetensors","a":"one.safetensors"}})"}) {
    write_file(index, text);
    EXPECT_TRUE(refusal(directory.path()).starts_with(index.string())) << text << ": " << refusal(directory.path());
  }
}

// A Hugging Face cache: snapshots hold links into the blobs of their own repository.
TEST(ModelDirectory, ReadsSnapshotsOfTheHubCache) {
  const testing::TemporaryDirectory cache;
  const fs::path repository = cache / "models--org--name", snapshot = repository / "snapshots" / "abc";
  fs::create_directories(snapshot);
  fs::create_directories(repository / "blobs");
  write_shard(repository / "blobs" / "1234", {"a"});
  fs::create_symlink("../../blobs/1234", snapshot / "model.safetensors");
  EXPECT_NE(read_weights(snapshot).find("a"), nullptr);
  fs::create_directory_symlink(snapshot, cache / "link");
  EXPECT_NE(read_weights(cache / "link").find("a"), nullptr);
}

}  // namespace
}  // namespace omma
