// Named tensors as a file holds them: little-endian, contiguous, row-major bytes. No LibTorch here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

enum class DType { f64, f32, f16, bf16, f8_e4m3, f8_e5m2, i64, i32, i16, i8, u64, u32, u16, u8, boolean };

std::size_t bytes_of(DType dtype);                            // of one element
std::string_view name_of(DType dtype);                        // "F32", as safetensors writes it
std::optional<DType> dtype_from_name(std::string_view name);  // nullopt for a type omma has no use for

inline constexpr std::size_t max_rank = 64;

// The product of the sizes (1 for []); nullopt where one is negative or the product is over 2^63 - 1.
std::optional<std::int64_t> element_count(std::span<const std::int64_t> shape);

struct TensorView {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;      // [] is a scalar
  std::span<const std::uint8_t> bytes;  // exactly the elements, at any alignment; valid while its TensorFile lives
};

// The tensors of one file or of a sharded directory, by name, with what keeps their bytes alive. Cheap to copy; const access is
// thread-safe. Bytes are mapped, not read: a tensor costs memory when it is touched. Deleting or replacing the file under a
// mapping is safe; truncating it in place is not (SIGBUS), and nothing in omma does.
class TensorFile {
 public:
  TensorFile() = default;
  // Sorts the tensors. Throws std::invalid_argument where two have one name.
  TensorFile(std::vector<TensorView> tensors, std::map<std::string, std::string> metadata,
             std::vector<std::shared_ptr<const void>> owners);

  const std::vector<TensorView>& tensors() const;  // sorted by name, unique
  const std::map<std::string, std::string>& metadata() const;
  const TensorView* find(std::string_view name) const;  // nullptr where absent
  // Keeps all bytes where they are; null where the file's caller does that.
  std::shared_ptr<const void> owner() const;

 private:
  struct Contents {
    std::vector<TensorView> tensors;
    std::map<std::string, std::string> metadata;
    std::vector<std::shared_ptr<const void>> owners;
  };
  std::shared_ptr<const Contents> contents_;
};

// All readers throw std::invalid_argument that names the file, the tensor or field, what was expected and what was found.
//
// Strict where the format's own reader is lax: names are unique, tensors cover the data without overlap, hole or rest, the header
// is at most 100,000,000 bytes (inclusive), a rank at most 64. Spaces before and after the header's JSON are accepted.
TensorFile read_safetensors(const std::filesystem::path& file);

// The same for bytes in memory; `name` begins every error, `owner` keeps the bytes alive.
TensorFile parse_safetensors(std::span<const std::uint8_t> bytes, std::string_view name,
                             std::shared_ptr<const void> owner = nullptr);

// Atomic (see write_file). Larger elements come first, then names in order, so that every tensor is aligned to its element:
// the format allows no padding between tensors. std::invalid_argument for duplicate names and sizes that do not match.
void write_safetensors(const std::filesystem::path& file, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata = {});

// A `.pth`, `.pt` or `.bin` of torch.save, zip or pre-1.6 format, told by its first bytes. No pickle opcode ever runs code: plain
// values, tensors and argparse.Namespace (read as a dict) are accepted, every other class is refused by name. Nested dicts and
// lists are flattened with dots: {"model": {"a.weight": T}} gives "model.a.weight". Strided views are made contiguous. Plain
// numbers, strings and booleans become metadata under their path. Records are checked against their CRC-32.
TensorFile read_torch_archive(const std::filesystem::path& file);
TensorFile parse_torch_archive(std::span<const std::uint8_t> bytes, std::string_view name,
                               std::shared_ptr<const void> owner = nullptr);

// The weights of a model directory: model.safetensors, or the shards of model.safetensors.index.json; else pytorch_model.bin
// likewise. The index and the shards must agree on every tensor. The index names files of the directory only; links there are
// followed, as a Hugging Face cache needs it.
TensorFile read_weights(const std::filesystem::path& model_directory);
// Whether the directory has one of these; it may still be unreadable.
bool has_weights(const std::filesystem::path& model_directory);

}  // namespace omma
