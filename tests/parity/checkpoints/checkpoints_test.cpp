// Checkpoint files written by safetensors and torch (tools/parity/checkpoints.py), and omma's read by safetensors.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/io/tensor_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

fs::path folder() {
  const char* parity = std::getenv("OMMA_PARITY_DIR");
  return fs::path(parity != nullptr ? parity : "build/parity") / "checkpoints";
}

TensorFile read(const fs::path& path) {
  if (fs::is_directory(path)) return read_weights(path);
  return path.extension() == ".safetensors" ? read_safetensors(path) : read_torch_archive(path);
}

json describe(const TensorView& tensor) {
  std::string hex;
  for (const std::uint8_t byte : tensor.bytes) hex += fmt::format("{:02x}", byte);
  return {{"dtype", name_of(tensor.dtype)}, {"shape", tensor.shape}, {"hex", hex}};
}

TEST(CheckpointsParity, ReadsWhatPythonWrote) {
  const json files = read_json(folder() / "expected.json");
  ASSERT_GE(files.size(), 8U);
  for (const auto& [name, expected] : files.items()) {
    const TensorFile found = read(folder() / name);
    EXPECT_EQ(found.tensors().size(), expected["tensors"].size()) << name;
    for (const auto& [path, tensor] : expected["tensors"].items()) {
      const TensorView* view = found.find(path);
      ASSERT_NE(view, nullptr) << name << ": " << path;
      EXPECT_EQ(describe(*view), tensor) << name << ": " << path;
    }
    for (const auto& [path, value] : expected["metadata"].items()) {
      ASSERT_TRUE(found.metadata().contains(path)) << name << ": " << path;
      EXPECT_EQ(found.metadata().at(path), value.get<std::string>()) << name << ": " << path;
    }
  }
}

TEST(CheckpointsParity, RefusesHostileAndForeignFilesByName) {
  const json files = read_json(folder() / "refused.json");
  ASSERT_GE(files.size(), 30U);
  for (const auto& [name, word] : files.items()) {
    const fs::path file = folder() / name;
    const std::string message = testing::invalid_argument_of([&] { read_torch_archive(file); });
    EXPECT_TRUE(message.starts_with(file.string())) << name << ": " << message;
    EXPECT_NE(message.find(word.get<std::string>()), std::string::npos) << name << ": " << message;
  }
  EXPECT_FALSE(fs::exists("/tmp/omma-pwned"));
}

// Contiguous tensors of a mapped file are not copied.
TEST(CheckpointsParity, TiedTensorsShareTheirBytes) {
  const TensorFile file = read_torch_archive(folder() / "zip.pth");
  EXPECT_EQ(file.find("model.tied")->bytes.data(), file.find("model.0.weight")->bytes.data());
}

TEST(CheckpointsParity, PythonReadsWhatIsWritten) {
  const testing::TemporaryDirectory directory;
  const TensorFile source = read_torch_archive(folder() / "zip.pth");
  const std::map<std::string, std::string> metadata = {{"format", "pt"}, {"quote\"d", "größe\n"}};
  write_safetensors(directory / "w.safetensors", source.tensors(), metadata);

  const fs::path answer = directory / "answer.json";
  const std::string command = fmt::format(".venv/bin/python -W ignore tools/parity/check_safetensors.py '{}' > '{}'",
                                          (directory / "w.safetensors").string(), answer.string());
  ASSERT_EQ(std::system(command.c_str()), 0);
  const json found = read_json(answer);
  EXPECT_EQ(found["metadata"], json(metadata));
  ASSERT_EQ(found["tensors"].size(), source.tensors().size());
  for (const TensorView& tensor : source.tensors()) EXPECT_EQ(found["tensors"][tensor.name], describe(tensor)) << tensor.name;
}

}  // namespace
}  // namespace omma
