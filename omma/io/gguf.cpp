#include "omma/io/gguf.h"

#include <algorithm>
#include <bit>

#include "omma/base/error.h"
#include "omma/io/byte_reader.h"
#include "omma/io/file_magic.h"
#include "omma/io/quote.h"
#include "omma/io/tensor_file.h"

namespace omma {
namespace {

struct GgufHeader {
  std::uint64_t tensors = 0, keys = 0;
};

GgufHeader read_header(ByteReader& reader, std::span<const std::uint8_t> bytes) {
  const std::string& name = reader.name();
  constexpr std::string_view magic = "GGUF";
  if (reader.left() < magic.size() || reader.text(magic.size()) != magic)
    fail("{}: expected a GGUF file, found {}", name, describe_magic(bytes));
  const auto version = reader.number<std::uint32_t>();
  if (version == 1) fail("{}: version: expected 2 or 3, found 1, of August 2023: convert the model anew", name);
  if (version != 0 && (version & 0xFFFF) == 0)
    fail("{}: version: expected 2 or 3, found {}, which is {} in the other byte order: omma reads little-endian files", name,
         version, __builtin_bswap32(version));
  check(version == 2 || version == 3, "{}: version: expected 2 or 3, found {}", name, version);
  GgufHeader header;
  header.tensors = reader.number<std::uint64_t>();
  header.keys = reader.number<std::uint64_t>();
  return header;
}

std::uint64_t alignment_of(const GgufMetadata& metadata, std::string_view name) {
  constexpr std::string_view key = "general.alignment";
  const GgufValue* value = metadata.find(key);
  if (value == nullptr) return 32;
  if (value->type != GgufValueType::u32 || value->is_array)
    fail("{}: {}: expected UINT32, found {}{}", name, key, value->is_array ? "an array of " : "", name_of(value->type));
  const auto alignment = static_cast<std::uint64_t>(metadata.integer(key));
  check(std::has_single_bit(alignment) && alignment <= max_gguf_alignment, "{}: {}: expected a power of two up to {}, found {}",
        name, key, max_gguf_alignment, alignment);
  return alignment;
}

// A tensor and its place in the data.
struct TensorInfo {
  GgufTensor tensor;
  std::uint64_t offset = 0, bytes = 0;
};

std::string read_tensor_name(ByteReader& reader) {
  const std::size_t place = reader.offset();
  const auto length = reader.number<std::uint64_t>();
  if (length == 0 || length > max_gguf_tensor_name)
    fail("{}: byte {}: expected a tensor's name of 1 to {} bytes, found {}", reader.name(), place, max_gguf_tensor_name, length);
  return std::string(reader.text(length));
}

std::vector<std::int64_t> read_shape(ByteReader& reader, const std::string& where) {
  const auto rank = reader.number<std::uint32_t>();
  check(rank <= max_gguf_rank, "{}: expected at most {} dimensions, found {}", where, max_gguf_rank, rank);
  std::vector<std::int64_t> shape(rank);
  for (auto size = shape.rbegin(); size != shape.rend(); ++size) {
    const auto found = reader.number<std::uint64_t>();
    check(found <= static_cast<std::uint64_t>(INT64_MAX), "{}: expected sizes below 2^63, found {}", where, found);
    *size = static_cast<std::int64_t>(found);
  }
  return shape;
}

GgufType read_tensor_type(ByteReader& reader, const std::string& where) {
  const auto id = reader.number<std::uint32_t>();
  const auto type = gguf_type_from_id(id);
  if (!type)
    fail("{}: expected F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K to Q6_K or IQ4_NL, found {}, which omma does not read",
         where, describe_gguf_type(id));
  return *type;
}

// The bytes that a tensor's blocks take.
std::uint64_t bytes_of_blocks(const GgufTensor& tensor, const std::string& where) {
  const auto elements = block_elements(tensor.type);
  const std::int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (static_cast<std::uint64_t>(row) % elements != 0)
    fail("{}: expected rows of a multiple of {} for {}, found {}", where, elements, name_of(tensor.type), row);
  const auto count = element_count(tensor.shape);
  std::uint64_t bytes = 0;
  if (!count || __builtin_mul_overflow(static_cast<std::uint64_t>(*count) / elements, block_bytes(tensor.type), &bytes))
    fail("{}: shape [{}] of {} overflows", where, fmt::join(tensor.shape, ", "), name_of(tensor.type));
  return bytes;
}

TensorInfo read_tensor(ByteReader& reader, std::uint64_t alignment) {
  TensorInfo info;
  info.tensor.name = read_tensor_name(reader);
  const std::string where = fmt::format("{}: tensor {}", reader.name(), quote(info.tensor.name));
  info.tensor.shape = read_shape(reader, where);
  info.tensor.type = read_tensor_type(reader, where);
  info.bytes = bytes_of_blocks(info.tensor, where);
  info.offset = reader.number<std::uint64_t>();
  check(info.offset % alignment == 0, "{}: offset: expected a multiple of {}, found {}", where, alignment, info.offset);
  return info;
}

std::vector<TensorInfo> read_tensors(ByteReader& reader, std::uint64_t count, std::uint64_t alignment) {
  constexpr std::uint64_t fewest_bytes = 8 + 1 + 4 + 4 + 8;  // a name of one letter with its length, no dimension, type, offset
  const std::uint64_t most = std::min<std::uint64_t>(max_gguf_tensors, reader.left() / fewest_bytes);
  check(count <= most, "{}: expected at most {} tensors in the {} bytes that are left, found {}", reader.name(), most,
        reader.left(), count);
  std::vector<TensorInfo> infos;
  infos.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) infos.push_back(read_tensor(reader, alignment));
  return infos;
}

// Gives each tensor its bytes of the data, of which no two have the same.
void place_tensors(std::vector<TensorInfo>& infos, std::span<const std::uint8_t> data, const std::string& name) {
  std::ranges::sort(infos, {}, &TensorInfo::offset);
  std::uint64_t covered = 0;
  for (TensorInfo& info : infos) {
    if (info.offset > data.size() || info.bytes > data.size() - info.offset)
      fail("{}: tensor {}: expected {} bytes from {} on in the {} bytes of data: the file is cut short or its offset is wrong",
           name, quote(info.tensor.name), info.bytes, info.offset, data.size());
    if (info.bytes == 0) continue;
    if (info.offset < covered)
      fail("{}: tensor {} overlaps the one before it: expected to begin at {} or later, found {}", name, quote(info.tensor.name),
           covered, info.offset);
    covered = info.offset + info.bytes;
    info.tensor.bytes = data.subspan(info.offset, info.bytes);
  }
}

}  // namespace

GgufFile::GgufFile(GgufMetadata metadata, std::vector<GgufTensor> tensors, std::vector<std::shared_ptr<const void>> owners) {
  std::ranges::sort(tensors, {}, &GgufTensor::name);
  contents_ = std::make_shared<const Contents>(Contents{std::move(metadata), std::move(tensors), std::move(owners)});
}

const GgufMetadata& GgufFile::metadata() const {
  static const GgufMetadata none;
  return contents_ ? contents_->metadata : none;
}

const std::vector<GgufTensor>& GgufFile::tensors() const {
  static const std::vector<GgufTensor> none;
  return contents_ ? contents_->tensors : none;
}

const GgufTensor* GgufFile::find(std::string_view name) const {
  const auto& all = tensors();
  const auto found = std::ranges::lower_bound(all, name, {}, &GgufTensor::name);
  return found != all.end() && found->name == name ? &*found : nullptr;
}

std::shared_ptr<const void> GgufFile::owner() const {
  const bool owned = contents_ && std::ranges::none_of(contents_->owners, [](const auto& owner) { return owner == nullptr; });
  return owned ? contents_ : nullptr;
}

GgufFile parse_gguf(std::span<const std::uint8_t> bytes, std::string_view name, std::shared_ptr<const void> owner) {
  ByteReader reader(bytes, std::string(name));
  const GgufHeader header = read_header(reader, bytes);
  GgufMetadata metadata(reader, header.keys);
  const std::uint64_t alignment = alignment_of(metadata, name);
  std::vector<TensorInfo> infos = read_tensors(reader, header.tensors, alignment);

  const std::uint64_t padding = (alignment - reader.offset() % alignment) % alignment;
  reader.take(std::min<std::uint64_t>(padding, reader.left()));
  place_tensors(infos, reader.take(reader.left()), reader.name());

  std::vector<GgufTensor> tensors;
  tensors.reserve(infos.size());
  for (TensorInfo& info : infos) tensors.push_back(std::move(info.tensor));
  GgufFile file(std::move(metadata), std::move(tensors), {std::move(owner)});
  const auto twin = std::ranges::adjacent_find(file.tensors(), {}, &GgufTensor::name);
  if (twin != file.tensors().end()) fail("{}: duplicate tensor {}", name, quote(twin->name));
  return file;
}

}  // namespace omma
