#include "omma/train/checkpoint.h"

#include <fmt/ranges.h>

#include <cstring>
#include <map>
#include <set>

#include "omma/base/checksum.h"
#include "omma/base/config.h"
#include "omma/io/tensor_file.h"
#include "omma/train/recipe.h"

namespace omma {
namespace {

using torch::Tensor;

constexpr int kFormat = 1;

std::string checksum_text(std::span<const std::uint8_t> bytes) { return fmt::format("{:016x}", checksum(bytes)); }

DType stored_type(const std::string& name, const Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case torch::kFloat32:
      return DType::f32;
    case torch::kFloat64:
      return DType::f64;
    case torch::kInt64:
      return DType::i64;
    case torch::kBool:
      return DType::boolean;
    default:
      fail("checkpoint: tensor {} has a type that is not stored: {}", name, c10::toString(tensor.scalar_type()));
  }
}

std::string shape_text(std::span<const int64_t> shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

const std::string& field(const TensorFile& file, const std::string& name, const std::string& where) {
  const auto found = file.metadata().find(name);
  check(found != file.metadata().end(), "{}: not a training checkpoint: no \"{}\" in its header", where, name);
  return found->second;
}

void expect_same_tensors(const TensorFile& file, const CheckpointState& state, Faults& faults) {
  std::set<std::string_view> expected;
  for (const auto& [name, tensor] : state.tensors) {
    expected.insert(name);
    const TensorView* stored = file.find(name);
    if (stored == nullptr) {
      faults.add("tensor {} is missing", name);
    } else if (stored->dtype != stored_type(name, tensor) ||
               !std::equal(stored->shape.begin(), stored->shape.end(), tensor.sizes().begin(), tensor.sizes().end())) {
      faults.add("tensor {}: expected {} {}, got {} {}", name, name_of(stored_type(name, tensor)), shape_text(tensor.sizes()),
                 name_of(stored->dtype), shape_text(stored->shape));
    } else if (const auto sum = file.metadata().find("checksum." + name);
               sum == file.metadata().end() || sum->second != checksum_text(stored->bytes)) {
      faults.add("tensor {} is damaged: its checksum does not fit", name);
    }
  }
  for (const TensorView& stored : file.tensors())
    faults.expect(expected.contains(stored.name), "tensor {} is not part of this run", stored.name);
}

}  // namespace

void write_checkpoint(const std::filesystem::path& file, const CheckpointState& state) {
  std::vector<Tensor> kept;  // holds the bytes while they are written
  std::vector<TensorView> views;
  std::map<std::string, std::string> metadata = {{"format", std::to_string(kFormat)},
                                                 {"step", std::to_string(state.step)},
                                                 {"seconds", fmt::format("{}", state.seconds)},
                                                 {"recipe", dump_json(state.recipe)}};
  for (const auto& [name, tensor] : state.tensors) {
    kept.push_back(tensor.detach().cpu().contiguous());
    const Tensor& host = kept.back();
    const auto* data = static_cast<const std::uint8_t*>(host.const_data_ptr());
    views.push_back({name, stored_type(name, host), host.sizes().vec(), {data, host.nbytes()}});
    metadata["checksum." + name] = checksum_text(views.back().bytes);
  }
  write_safetensors(file, views, metadata);
}

void read_checkpoint(const std::filesystem::path& path, CheckpointState& state) {
  const std::string where = path.string();
  const TensorFile file = read_safetensors(path);
  const std::string& format = field(file, "format", where);
  check(format == std::to_string(kFormat), "{}: checkpoint format {} is not the format {} of this program", where, format, kFormat);
  Faults faults(where);
  for (const std::string& difference : recipe_differences(parse_json(field(file, "recipe", where), where), state.recipe))
    faults.add("made by another recipe: {}", difference);
  faults.raise();
  expect_same_tensors(file, state, faults);
  faults.raise();
  const json step = parse_json(field(file, "step", where), where), seconds = parse_json(field(file, "seconds", where), where);
  check(step.is_number_unsigned() && seconds.is_number(), "{}: expected numbers for step and seconds", where);
  torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : state.tensors) {
    Tensor host = torch::empty(tensor.sizes(), tensor.options().device(torch::kCPU));
    const std::span<const std::uint8_t> bytes = file.find(name)->bytes;
    if (!bytes.empty()) std::memcpy(host.mutable_data_ptr(), bytes.data(), bytes.size());
    tensor.copy_(host);
  }
  state.step = step.get<int64_t>();
  state.seconds = seconds.get<double>();
}

}  // namespace omma
