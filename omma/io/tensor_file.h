// Named tensors as a file holds them: little-endian, contiguous, row-major bytes. No LibTorch here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

enum class DType { f64, f32, f16, bf16, f8_e4m3, f8_e5m2, i64, i32, i16, i8, u64, u32, u16, u8, boolean };

std::size_t bytes_of(DType dtype);       // of one element
std::string_view name_of(DType dtype);   // "F32", as safetensors writes it

struct TensorView {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;       // [] is a scalar
  std::span<const std::uint8_t> bytes;   // exactly the elements; valid while its TensorFile lives
};

// The tensors of one file or of a sharded directory, by name, with what keeps their bytes alive. Cheap to copy; const access is
// thread-safe.
class TensorFile {
 public:
  TensorFile() = default;
  TensorFile(std::vector<TensorView> tensors, std::map<std::string, std::string> metadata,
             std::vector<std::shared_ptr<const void>> owners);

  const std::vector<TensorView>& tensors() const { return tensors_; }            // sorted by name, unique
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const TensorView* find(std::string_view name) const;                           // nullptr where absent

 private:
  std::vector<TensorView> tensors_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::shared_ptr<const void>> owners_;
};

// All throw std::invalid_argument that names the file, the tensor or field, what was expected and what was found.
TensorFile read_safetensors(const std::filesystem::path& file);

// Atomic (see write_file). Tensor bytes are aligned to 8.
void write_safetensors(const std::filesystem::path& file, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata = {});

// A `.pth`, `.pt` or `.bin` of torch.save, zip or legacy format. No pickle opcode ever runs code. Nested dicts are flattened with
// dots: {"model": {"a.weight": T}} gives "model.a.weight". Strided views are made contiguous. Plain numbers, strings and booleans
// become metadata under their path.
TensorFile read_torch_archive(const std::filesystem::path& file);

// The weights of a model directory: model.safetensors, or the shards of model.safetensors.index.json; else pytorch_model.bin
// likewise. Shard names never lead out of the directory.
TensorFile read_weights(const std::filesystem::path& model_directory);

}  // namespace omma
