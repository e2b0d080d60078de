// GGUF, the files of llama.cpp and ollama: metadata and tensors, quantised or not, of one file or of its splits. No LibTorch here.
//
// Versions 2 and 3, little-endian (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/io/gguf_blocks.h"
#include "omma/io/gguf_metadata.h"

namespace omma {

// Over these a file is refused.
inline constexpr std::uint64_t max_gguf_tensors = 65'536;
inline constexpr std::uint64_t max_gguf_tensor_name = 64;     // bytes, as the format has it
inline constexpr std::uint64_t max_gguf_rank = 4;             // as the format has it
inline constexpr std::uint64_t max_gguf_alignment = 1 << 20;  // bytes
inline constexpr std::int64_t max_gguf_splits = 1024;

struct GgufTensor {
  std::string name;
  GgufType type = GgufType::f32;
  std::vector<std::int64_t> shape;      // row-major, as PyTorch tells it: the file's in reverse; [] is a scalar
  std::span<const std::uint8_t> bytes;  // exactly the blocks; valid while its GgufFile lives. In a mapped file aligned as the file
                                        // says: to 32 bytes unless general.alignment is another
};

// The metadata and the tensors of a file, with what keeps their bytes alive. Cheap to copy; const access is thread-safe. Bytes are
// mapped, not read: a tensor costs memory when it is touched. What TensorFile says of files changed under a mapping holds here,
// too.
class GgufFile {
 public:
  GgufFile() = default;
  // Sorts the tensors, whose names must be unique.
  GgufFile(GgufMetadata metadata, std::vector<GgufTensor> tensors, std::vector<std::shared_ptr<const void>> owners);

  const GgufMetadata& metadata() const;                 // of splits: the first one's
  const std::vector<GgufTensor>& tensors() const;       // sorted by name, unique
  const GgufTensor* find(std::string_view name) const;  // nullptr where absent
  // Keeps all bytes where they are; null where the file's caller does that.
  std::shared_ptr<const void> owner() const;

 private:
  struct Contents {
    GgufMetadata metadata;
    std::vector<GgufTensor> tensors;
    std::vector<std::shared_ptr<const void>> owners;
  };
  std::shared_ptr<const Contents> contents_;
};

// The file whole: where it is one of several, NAME-00001-of-00003.gguf, all of them, found beside it; any may be given. Links are
// followed, and the others are looked for beside the link.
//
// Throws std::invalid_argument that names the file, the key or tensor, what was expected and what was found. Refused are the other
// byte order, versions 0, 1 and over 3; types that omma does not read, by name; an alignment that is no power of two or over the
// limit; data outside of the file, out of alignment or shared by two tensors; rows that are no whole number of blocks; duplicate
// names; of splits a missing file, and numbers, counts or names that disagree. The last tensor need not be padded, and the data may
// have holes and a rest (llama.cpp, too, allows a rest).
GgufFile read_gguf(const std::filesystem::path& file);

// One file's bytes, in memory, which may be one of several; `name` begins every error, `owner` keeps the bytes alive.
GgufFile parse_gguf(std::span<const std::uint8_t> bytes, std::string_view name, std::shared_ptr<const void> owner = nullptr);

}  // namespace omma
