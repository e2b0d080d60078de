#include "omma/train/checkpoint.h"

#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/io/tensor_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

CheckpointState state(int64_t step = 3) {
  torch::manual_seed(step);
  return {
      .tensors = {{"parameter.a", torch::randn({3, 4})}, {"mean.a", torch::randn({3, 4})}, {"buffer.n", torch::randint(9, {2})}},
      .step = step,
      .seconds = 1.5,
      .recipe = {{"task", "x"}, {"steps", 10}, {"device", "cpu"}}};
}

std::string refusal(const std::filesystem::path& file, CheckpointState into = state(9)) {
  const std::vector<torch::Tensor> before = {into.tensors[0].second.clone(), into.tensors[1].second.clone()};
  const std::string message = testing::invalid_argument_of([&] { read_checkpoint(file, into); });
  EXPECT_TRUE(torch::equal(before[0], into.tensors[0].second) && torch::equal(before[1], into.tensors[1].second)) << "half loaded";
  return message;
}

TEST(Checkpoint, RoundTrips) {
  const testing::TemporaryDirectory directory;
  write_checkpoint(directory / "c.safetensors", state());
  CheckpointState read = state(9);
  read.recipe["device"] = "cuda";  // how a run is carried out may change
  read_checkpoint(directory / "c.safetensors", read);
  EXPECT_EQ(read.step, 3);
  EXPECT_EQ(read.seconds, 1.5);
  const CheckpointState written = state();
  for (std::size_t i = 0; i < written.tensors.size(); ++i)
    EXPECT_TRUE(torch::equal(written.tensors[i].second, read.tensors[i].second)) << written.tensors[i].first;
}

TEST(Checkpoint, EveryFlippedBitOfATensorIsNamed) {
  const testing::TemporaryDirectory directory;
  write_checkpoint(directory / "c.safetensors", state());
  const std::string whole = read_file(directory / "c.safetensors");
  for (std::size_t back = 1; back <= 40; back += 13) {
    std::string damaged = whole;
    damaged[whole.size() - back] = static_cast<char>(damaged[whole.size() - back] ^ 0x10);
    write_file(directory / "d.safetensors", damaged);
    EXPECT_NE(refusal(directory / "d.safetensors").find("is damaged: its checksum does not fit"), std::string::npos);
    EXPECT_NE(refusal(directory / "d.safetensors").find("tensor "), std::string::npos);
  }
}

TEST(Checkpoint, NamesWhatDoesNotFit) {
  const testing::TemporaryDirectory directory;
  write_checkpoint(directory / "c.safetensors", state());
  CheckpointState other = state(9);
  other.tensors[0].second = torch::zeros({4, 3});
  EXPECT_NE(refusal(directory / "c.safetensors", other).find("tensor parameter.a: expected F32 [4, 3], got F32 [3, 4]"),
            std::string::npos);
  other = state(9);
  other.tensors[1].first = "mean.b";
  const std::string message = refusal(directory / "c.safetensors", other);
  EXPECT_NE(message.find("tensor mean.b is missing"), std::string::npos) << message;
  EXPECT_NE(message.find("tensor mean.a is not part of this run"), std::string::npos) << message;
  other = state(9);
  other.recipe["steps"] = 9;  // more would be a longer run
  EXPECT_NE(refusal(directory / "c.safetensors", other).find("another recipe: steps: 10, here 9"), std::string::npos);
}

TEST(Checkpoint, OtherFormatsAreRefused) {
  const testing::TemporaryDirectory directory;
  const std::vector<float> value = {1};
  const TensorView view{"a", DType::f32, {1}, {reinterpret_cast<const std::uint8_t*>(value.data()), 4}};
  write_safetensors(directory / "plain.safetensors", std::span(&view, 1));
  EXPECT_NE(refusal(directory / "plain.safetensors").find("not a training checkpoint"), std::string::npos);
  write_safetensors(directory / "later.safetensors", std::span(&view, 1), {{"format", "2"}});
  EXPECT_NE(refusal(directory / "later.safetensors").find("checkpoint format 2 is not the format 1"), std::string::npos);
}

}  // namespace
}  // namespace omma
