#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/byte_reader.h"
#include "omma/io/file_magic.h"
#include "omma/io/quote.h"
#include "omma/io/safetensors_header.h"
#include "omma/io/tensor_file.h"

namespace omma {
namespace {

constexpr std::size_t length_bytes = 8;  // a little-endian count of the header's bytes opens the file

std::string shape_text(const std::vector<std::int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

// Larger elements first, then by name: with the data at a multiple of 8, every tensor is aligned to its element.
std::vector<const TensorView*> writing_order(std::span<const TensorView> tensors) {
  std::vector<const TensorView*> order;
  for (const TensorView& tensor : tensors) order.push_back(&tensor);
  std::ranges::sort(order, [](const TensorView* a, const TensorView* b) {
    const std::size_t size_a = bytes_of(a->dtype), size_b = bytes_of(b->dtype);
    return size_a != size_b ? size_a > size_b : a->name < b->name;
  });
  return order;
}

void check_writable(const std::filesystem::path& file, std::span<const TensorView> tensors) {
  std::vector<std::string_view> names;
  for (const TensorView& tensor : tensors) {
    const auto count = element_count(tensor.shape);
    if (tensor.name == "__metadata__") fail("{}: a tensor cannot be called __metadata__", file.string());
    if (!count || tensor.shape.size() > max_rank ||
        tensor.bytes.size() / bytes_of(tensor.dtype) != static_cast<std::size_t>(*count) ||
        tensor.bytes.size() % bytes_of(tensor.dtype) != 0)
      fail("{}: tensor {}: expected the bytes of {} {}, found {}", file.string(), quote(tensor.name), name_of(tensor.dtype),
           shape_text(tensor.shape), tensor.bytes.size());
    names.push_back(tensor.name);
  }
  std::ranges::sort(names);
  const auto twin = std::ranges::adjacent_find(names);
  if (twin != names.end()) fail("{}: duplicate tensor {}", file.string(), quote(*twin));
}

std::string header_text(const std::vector<const TensorView*>& order, const std::map<std::string, std::string>& metadata) {
  std::string text = "{";
  if (!metadata.empty()) text += "\"__metadata__\":" + json(metadata).dump() + (order.empty() ? "" : ",");
  std::size_t offset = 0;
  for (const TensorView* tensor : order) {
    text += fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}", json(tensor->name).dump(),
                        name_of(tensor->dtype), fmt::join(tensor->shape, ","), offset, offset + tensor->bytes.size());
    offset += tensor->bytes.size();
    if (tensor != order.back()) text += ',';
  }
  text += '}';
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

TensorFile parse_safetensors(std::span<const std::uint8_t> bytes, std::string_view name, std::shared_ptr<const void> owner) {
  const std::string where(name);
  check(bytes.size() >= length_bytes, "{}: header too small: expected 8 bytes of header length, found {}", where, bytes.size());
  ByteReader reader(bytes, where);
  const auto length = reader.number<std::uint64_t>();
  if (length > max_safetensors_header || length > reader.left())
    fail("{}: header too large: expected at most {} bytes in a file of {}, found {} (this is {})", where, max_safetensors_header,
         bytes.size(), length, describe_magic(bytes));
  const std::string_view text = reader.text(length);
  const auto data = reader.take(reader.left());
  SafetensorsHeader header = parse_safetensors_header(text, where + ": header", data.size());

  std::vector<TensorView> tensors;
  tensors.reserve(header.tensors.size());
  for (SafetensorsEntry& entry : header.tensors)
    tensors.push_back(
        {std::move(entry.name), entry.dtype, std::move(entry.shape), data.subspan(entry.begin, entry.end - entry.begin)});
  return TensorFile(std::move(tensors), std::move(header.metadata), {std::move(owner)});
}

TensorFile read_safetensors(const std::filesystem::path& file) {
  auto mapped = std::make_shared<const MappedFile>(file);
  const auto bytes = mapped->bytes();
  return parse_safetensors(bytes, file.string(), std::move(mapped));
}

void write_safetensors(const std::filesystem::path& file, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata) {
  check_writable(file, tensors);
  const auto order = writing_order(tensors);
  std::string text;
  try {
    text = header_text(order, metadata);
  } catch (const json::exception& error) {
    fail("{}: expected names and metadata in UTF-8: {}", file.string(), error.what());
  }
  check(text.size() <= max_safetensors_header, "{}: header of {} bytes is over the limit of {}", file.string(), text.size(),
        max_safetensors_header);
  write_file(file, [&](const std::filesystem::path& partial) {
    std::ofstream stream(partial, std::ios::binary);
    const std::uint64_t length = text.size();
    stream.write(reinterpret_cast<const char*>(&length), sizeof length);
    stream.write(text.data(), static_cast<std::streamsize>(text.size()));
    for (const TensorView* tensor : order)
      stream.write(reinterpret_cast<const char*>(tensor->bytes.data()), static_cast<std::streamsize>(tensor->bytes.size()));
    stream.close();
    if (!stream) fail_runtime("{}: cannot write: {}", file.string(), std::strerror(errno));
  });
}

}  // namespace omma
