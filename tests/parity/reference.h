// The recorded outputs of the reference implementation.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "omma/io/tensor_file.h"
#include "omma/nn/tensor.h"

namespace omma::testing {

// Of one exporter in tools/parity.
inline std::filesystem::path parity_directory(const std::string& name) {
  const char* given = std::getenv("OMMA_PARITY_DIR");
  return (given == nullptr ? std::filesystem::path("build/parity") : std::filesystem::path(given)) / name;
}

inline std::map<std::string, Tensor> read_expected(const std::filesystem::path& file) {
  std::map<std::string, Tensor> tensors;
  const TensorFile read = read_safetensors(file);
  for (const TensorView& view : read.tensors()) tensors[view.name] = to_tensor(view);
  return tensors;
}

// Those of an exporter's cases that were recorded: the published sizes are on demand (make parity-full).
inline std::vector<std::string> exported(const std::string& exporter, std::vector<std::string> cases) {
  std::erase_if(cases, [&](const std::string& name) {
    return !std::filesystem::exists(parity_directory(exporter) / name / "reference.json");
  });
  return cases;
}

// Runs a script of tools/parity upon saved directories and the recorded ones that they are compared with, in one process: whether
// it found them equal. What it says goes to stderr.
inline bool compares_equal(const std::string& script, const std::vector<std::filesystem::path>& saved_and_recorded) {
  std::string command = ".venv/bin/python -W ignore tools/parity/" + script;
  for (const auto& path : saved_and_recorded) command += " '" + path.string() + "'";
  return std::system(command.c_str()) == 0;
}

// Equal infinities count as equal. The error says which tensor and how far.
inline void expect_close(const std::string& name, const Tensor& expected, const Tensor& got, double tolerance) {
  ASSERT_EQ(shape(expected), shape(got)) << name;
  const Tensor a = expected.to(torch::kFloat64), b = got.detach().to(torch::kFloat64);
  const Tensor gap = torch::where(a == b, torch::zeros_like(a), (a - b).abs());
  const double worst = gap.numel() == 0 ? 0 : gap.max().item<double>();
  EXPECT_LE(worst, tolerance) << name << ", whose largest value is " << a.abs().max().item<double>();
}

}  // namespace omma::testing
